"""Staging: of what was read, which differs from what is live; its bytes go to the object store, its row to staging."""

from collections import Counter
from dataclasses import dataclass, field
from typing import IO, Any
from uuid import UUID

from rage_assets.raw.read import Refused
from rage_assets.recipe import recipe_of
from rage_assets.work import Work
from resources import identity
from resources.postgres import children, garbage, quarantine, staging
from resources.postgres.quarantine import Failure
from resources.postgres.quotas import Quota


@dataclass
class Candidate:
    """A file that was read and hashed, and what is known of it.

    Attributes:
        id: The document's.
        path: In its source.
        shard: In which it is worked on.
        known: Its row as `staging.known` gives it, None if it is new.
        content: Its bytes from their start; closed when it is staged.
        parent_id: The document that it stands in.
    """

    id: UUID
    path: str
    shard: int
    known: dict[str, Any] | None
    content: IO[bytes]
    sha256: bytes
    mtime_ns: int
    size: int
    parent_id: UUID | None = None

    @property
    def is_new(self) -> bool:
        """Whether it was never live."""
        return self.known is None or self.known["size"] is None

    @property
    def recipe(self) -> str:
        """By which rules it would be read now, if its content is still of the kind that it was."""
        return recipe_of(self.path, self.known["media_type"] if self.known is not None else None)


@dataclass
class Stager:
    """Stages the candidates of a run.

    Attributes:
        quota: What the space may still take in.
        counts: Documents by what became of them: new, changed, removed, unchanged, quarantined, skipped.
    """

    work: Work
    quota: Quota
    counts: Counter[str] = field(default_factory=Counter)

    def enough(self, pending: list[Candidate]) -> bool:
        """Whether these are a batch."""
        settings = self.work.platform.settings
        return len(pending) >= settings.batch_documents or sum(c.size for c in pending) >= settings.batch_bytes

    def refuse(self, document: dict[str, Any], refusal: Refused) -> None:
        """Quarantines a document (a row with `id, source_id, path, shard, size, mtime_ns`) instead of staging it."""
        row = {"sha256": None, "parser": recipe_of(document["path"])} | document
        with self.work.transaction() as connection:
            self.work.quarantine(connection, [Failure(row, refusal.reason, refusal.detail, refusal.retryable)])
        self.counts["quarantined"] += 1

    def stage(self, source_id: UUID, pending: list[Candidate]) -> None:
        """Stores a batch's bytes and stages its documents; a kill anywhere in it leaves nothing that is not noted."""
        if not pending:
            return
        work = self.work
        same, well, differing = self._apart(source_id, pending)
        with work.transaction() as connection:
            staging.touch(connection, [(c.id, c.size, c.mtime_ns) for c in same])
            quarantine.release(connection, [c.id for c in well])
            garbage.note_objects(connection, work.space_id, [c.sha256 for c in differing])
            versions = {c.id: identity.version_id(c.id, c.sha256.hex(), c.recipe) for c in differing}
            adopted = staging.adopt(connection, work.run_id, versions)
        with work.transaction() as connection:
            garbage.share_stores(connection, work.space_id)
            for candidate in differing:
                work.platform.objects.put(work.space_id, candidate.sha256, candidate.content)
            rows = [self._row(source_id, c, versions[c.id]) for c in differing if c.id not in adopted]
            staging.stage(connection, rows)
        self.counts["unchanged"] += len(well)
        for candidate in (each for each in same if each not in well):
            left_out = candidate.known is not None and candidate.known["q_reason"] in quarantine.SKIPPED
            self.counts["skipped" if left_out else "quarantined"] += 1
        for candidate in differing:
            self.counts["new" if candidate.is_new else "changed"] += 1
        for candidate in pending:
            candidate.content.close()
        pending.clear()

    def _apart(self, source_id: UUID, pending: list[Candidate]) -> tuple[list[Candidate], list[Candidate], list[Candidate]]:
        """The candidates that are as they were; of these those that are well; and those that differ."""
        same, well, differing = [], [], []
        for candidate in pending:
            if self._still_good(candidate):
                same.append(candidate)
                well.append(candidate)
            elif self._still_bad(candidate):
                same.append(candidate)
            elif problem := self._over_quota(candidate):
                row = {name: getattr(candidate, name) for name in ("id", "path", "shard", "size", "mtime_ns", "parent_id")}
                self.refuse(row | {"source_id": source_id}, Refused("quota_exceeded", problem, retryable=True))
            else:
                differing.append(candidate)
        return same, well, differing

    @staticmethod
    def _still_good(candidate: Candidate) -> bool:
        known = candidate.known
        return (
            known is not None
            and known["sha256"] == candidate.sha256
            and known["parser"] == candidate.recipe
            and known["state"] == "live"
        )

    def _still_bad(self, candidate: Candidate) -> bool:
        """Whether the same bytes would only fail again in the same way."""
        known = candidate.known
        if known is None:
            return False
        retry = wants_retry(known, self.work.platform.settings.max_attempts)
        return known["q_sha256"] == candidate.sha256 and known["q_parser"] == candidate.recipe and not retry

    def _over_quota(self, candidate: Candidate) -> str | None:
        """Why a document does not fit into the space, None where it does."""
        before = candidate.known["size"] if candidate.known is not None else None
        return self.quota.take(int(before is None), candidate.size - (before or 0))

    def _row(self, source_id: UUID, candidate: Candidate, version: UUID) -> dict[str, Any]:
        return {
            "id": candidate.id,
            "space_id": self.work.space_id,
            "source_id": source_id,
            "parent_id": candidate.parent_id,
            "path": candidate.path,
            "shard": candidate.shard,
            "change": "new" if candidate.is_new else "changed",
            "stage": "scanned",
            "size": candidate.size,
            "mtime_ns": candidate.mtime_ns,
            "sha256": candidate.sha256,
            "version_id": version,
            "parser": candidate.recipe,
            "run_id": self.work.run_id,
            "code_version": self.work.code_version,
        }

    def remove(self, source_id: UUID, gone: list[dict[str, Any]]) -> None:
        """Stages the removal of documents (rows with `id, path, shard, sha256, size`) and of all that is inside them."""
        if not gone:
            return
        work = self.work
        template = {"space_id": work.space_id, "source_id": source_id, "change": "removed", "stage": "indexed"}
        with work.transaction() as connection:
            ids = [row["id"] for row in gone]
            everything = {row["id"]: row for row in [*gone, *children.descendants(connection, ids)]}
            children.unstage(connection, ids)
            rows = [
                template
                | {name: row[name] for name in ("id", "path", "shard", "sha256")}
                # whoever takes over the reading of what held it takes over its removal
                | {"parent_id": row.get("parent_id"), "size": 0, "mtime_ns": 0, "version_id": None, "parser": ""}
                | {"run_id": work.run_id, "code_version": work.code_version}
                for row in everything.values()
            ]
            staging.stage(connection, rows)
        self.counts["removed"] += sum(row["size"] is not None for row in everything.values())


def wants_retry(known: dict[str, Any], max_attempts: int) -> bool:
    """Whether a document in quarantine is to be tried again although nothing of it changed."""
    return bool(known["retry_requested"] or (known["retryable"] and known["attempts"] < max_attempts))
