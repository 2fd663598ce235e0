"""The raw stage: finds what differs, stores its bytes, and stages it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import IO, Any, cast
from uuid import UUID

from rage_assets.raw.access import AccessFiles
from rage_assets.raw.diff import Difference, diff
from rage_assets.raw.read import Refused, read_file
from rage_assets.raw.removals import Problems, count_renamed, keep_staged, stage_removals
from rage_assets.raw.sources import SeenFile, SourceReader, open_source
from rage_assets.recipe import recipe_of
from rage_assets.work import Work
from resources import identity
from resources.domain import Source
from resources.errors import RageError, SourceUnreadable
from resources.postgres import access_rules, garbage, quarantine, runs, sources, staging
from resources.postgres.quarantine import Failure
from resources.postgres.quotas import Quota


@dataclass
class Scan:
    """What a scan found.

    Attributes:
        quota: What the space may still take in.
        counts: Documents by what became of them: new, changed, removed, unchanged, quarantined, renamed.
        bytes_read: Bytes that had to be read.
        unreadable: The sources that could not be read, with the reason.
    """

    quota: Quota
    counts: dict[str, int] = field(default_factory=dict)
    bytes_read: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, more: int = 1) -> None:
        """Counts."""
        self.counts[name] = self.counts.get(name, 0) + more


@dataclass
class _Candidate:
    id: UUID
    file: SeenFile
    known: dict[str, Any] | None
    content: IO[bytes]
    sha256: bytes
    mtime_ns: int
    size: int


def scan_space(work: Work) -> Scan:
    """Scans every source of the space and stages what differs; a source that cannot be read loses nothing.

    Raises:
        SourceUnreadable: No source of the space can be read.
    """
    with work.transaction() as connection:
        result = Scan(Quota(connection, work.space_id))
        listed = sources.listing(connection, work.space_id)
    for source in listed:
        try:
            _scan_source(work, source, result)
        except (SourceUnreadable, RageError) as error:
            result.unreadable[source.name] = str(error)
            with work.transaction() as connection:
                keep_staged(work, connection, source.id)
                sources.remember_scan(connection, source.id, device=None, error=str(error))
                runs.add_errors(connection, work.run_id, [{"path": source.name, "reason": str(error)}])
    with work.transaction() as connection:
        staging.discard_others(connection, work.space_id, work.shards, work.run_id)
        result.add("renamed", count_renamed(connection, work))
        work.count(connection, result.counts)
    if listed and len(result.unreadable) == len(listed):
        raise SourceUnreadable(" ".join(result.unreadable.values()))
    return result


def _scan_source(work: Work, source: Source, result: Scan) -> None:
    reader = open_source(source, work.space_id, work.platform)
    with work.transaction() as connection:
        row = connection.execute("SELECT removing, device FROM sources WHERE id = %s", (source.id,)).fetchone()
        access = AccessFiles(access_rules.known_files(connection, source.id))
    assert row is not None
    complete = False
    try:
        _scan_files(work, source, reader, row, access, result)
        complete = True
    finally:  # what was read before a source failed is published: under the rules that were met
        if not row["removing"]:
            _apply(work, source, reader, access, complete=complete)


def _apply(work: Work, source: Source, reader: SourceReader, access: AccessFiles, *, complete: bool) -> None:
    with work.transaction() as connection:
        problems = access.put_to_effect(connection, reader, work.space_id, source.id, complete=complete)
        if problems:
            runs.add_errors(connection, work.run_id, problems)


def _scan_files(
    work: Work, source: Source, reader: SourceReader, row: dict[str, Any], access: AccessFiles, result: Scan
) -> None:
    device = None if row["removing"] else reader.identity()
    seen = iter(()) if row["removing"] else _of_shards(work, source, access.apart(reader.scan()))
    first = list(islice(seen, 1))  # fetching a repository or a site may take long, and no transaction waits for it
    removed: list[dict[str, Any]] = []
    pending: list[_Candidate] = []
    problems = Problems(work, source)
    found = 0
    # The stream of known rows needs a transaction that stays open; the work goes on in others.
    with work.transaction() as reading:
        known = staging.known(reading, source.id, work.shards)
        for difference in diff(chain(first, seen), known, recipe_of, work.platform.settings.max_attempts):
            if difference.kind == "removed":
                removed.append(cast(dict[str, Any], difference.known))
                continue
            found += 1
            if difference.kind == "unreadable":
                _keep(difference, problems, result)
            elif difference.kind != "candidate":
                result.add(difference.kind)
            else:
                candidate = _read(work, source, reader, difference, result)
                if candidate is not None:
                    pending.append(candidate)
            if _enough(work, pending):
                _stage(work, source, pending, result)
            if found % 500 == 0:
                work.progress("scan", found, None)
        _stage(work, source, pending, result)
    if removed and not found and row["device"] is not None and device is not None and device != row["device"]:
        raise SourceUnreadable(
            f"{source.location} is empty and lies on another device than before: it looks unmounted.",
            hint="Mount it again. Nothing of it was removed; if this is meant, remove the source and add it again.",
        )
    result.add("removed", stage_removals(work, source, removed))
    problems.record()
    with work.transaction() as connection:
        sources.remember_scan(connection, source.id, device=device, error=None)
    work.progress("scan", found, found)


def _keep(difference: Difference, problems: Problems, result: Scan) -> None:
    """What cannot be read just now stays as it is."""
    if difference.seen is not None:
        problems.add(difference.seen, difference.known)
    if difference.known is not None:
        result.add("unchanged" if difference.known["size"] is not None else "quarantined")


def _of_shards(work: Work, source: Source, files: Iterator[SeenFile]) -> Iterator[SeenFile]:
    """The files whose documents lie in this run's shards and that nobody deleted."""
    batch: list[SeenFile] = []
    wanted = set(work.shards)

    def flush() -> Iterator[SeenFile]:
        ids = {identity.document_id(source.id, file.path): file for file in batch}
        with work.transaction() as connection:
            gone = staging.excluded(connection, list(ids))
        for key, file in ids.items():
            if key not in gone:
                yield file
            elif source.kind == "upload":  # the only copy is ours: it goes with the document
                work.platform.objects.delete_upload(work.space_id, file.path)
        batch.clear()

    for file in files:
        if work.shard_count > 1 and not file.problem:
            document = identity.document_id(source.id, file.path)
            if identity.shard_of(document, work.shard_count) not in wanted:
                continue
        batch.append(file)
        if len(batch) >= 2000:
            yield from flush()
    yield from flush()


def _enough(work: Work, pending: list[_Candidate]) -> bool:
    settings = work.platform.settings
    return len(pending) >= settings.batch_documents or sum(c.size for c in pending) >= settings.batch_bytes


def _read(work: Work, source: Source, reader: SourceReader, difference: Difference, result: Scan) -> _Candidate | None:
    """Reads and hashes a file once; None where it is gone, or where it went to quarantine instead."""
    file = cast(SeenFile, difference.seen)
    document = identity.document_id(source.id, file.path)
    try:
        content = read_file(reader, file, work.platform.settings.max_file_bytes)
    except Refused as refusal:
        _refuse(work, source, file, document, refusal)
        result.add("quarantined")
        return None
    if content is None:
        if difference.known is not None:  # gone between listing and reading: the next run sees it as removed
            result.add("unchanged")
        return None
    result.bytes_read += content.size
    return _Candidate(document, file, difference.known, content.stream, content.sha256, file.mtime_ns, content.size)


def _refuse(work: Work, source: Source, file: SeenFile, document: UUID, refusal: Refused) -> None:
    row = {
        "id": document,
        "source_id": source.id,
        "path": file.path,
        "shard": identity.shard_of(document, work.shard_count),
        "size": file.size,
        "mtime_ns": file.mtime_ns,
        "sha256": None,
        "parser": recipe_of(file.path),
    }
    with work.transaction() as connection:
        work.quarantine(connection, [Failure(row, refusal.reason, refusal.detail, refusal.retryable)])


def _stage(work: Work, source: Source, pending: list[_Candidate], result: Scan) -> None:
    """Stores the bytes of a batch and stages its documents; a kill anywhere in it leaves nothing that is not noted."""
    if not pending:
        return
    same, well, failing, differing = [], [], 0, []
    for candidate in pending:
        known = candidate.known
        recipe = recipe_of(candidate.file.path)
        seen = (candidate.id, candidate.file.size, candidate.mtime_ns)
        if (
            known is not None
            and known["sha256"] == candidate.sha256
            and known["parser"] == recipe
            and (known["state"] == "live")
        ):
            same.append(seen)
            well.append(candidate.id)
        elif known is not None and _still_bad(known, candidate.sha256, recipe, work.platform.settings.max_attempts):
            same.append(seen)
            failing += 1
        elif problem := _over_quota(result.quota, candidate):
            _refuse(work, source, candidate.file, candidate.id, Refused("quota_exceeded", problem, retryable=True))
            failing += 1
        else:
            differing.append(candidate)
    with work.transaction() as connection:
        staging.touch(connection, same)
        quarantine.release(connection, well)
        garbage.note_objects(connection, work.space_id, [c.sha256 for c in differing])
        versions = {c.id: identity.version_id(c.id, c.sha256.hex(), recipe_of(c.file.path)) for c in differing}
        adopted = staging.adopt(connection, work.run_id, versions)
    with work.transaction() as connection:
        garbage.share_stores(connection, work.space_id)
        for candidate in differing:
            work.platform.objects.put(work.space_id, candidate.sha256, candidate.content)
        rows = [_row(work, source, c, versions[c.id]) for c in differing if c.id not in adopted]
        staging.stage(connection, rows)
    result.add("unchanged", len(well))
    result.add("quarantined", failing)
    for candidate in differing:
        is_new = candidate.known is None or candidate.known["size"] is None
        result.add("new" if is_new else "changed")
    for candidate in pending:
        candidate.content.close()
    pending.clear()


def _over_quota(quota: Quota, candidate: _Candidate) -> str | None:
    """Why a document does not fit into the space, None where it does."""
    before = candidate.known["size"] if candidate.known is not None else None
    return quota.take(int(before is None), candidate.size - (before or 0))


def _still_bad(known: dict[str, Any], sha256: bytes, recipe: str, max_attempts: int) -> bool:
    """Whether the same bytes would only fail again in the same way."""
    retry = known["retry_requested"] or (known["retryable"] and known["attempts"] < max_attempts)
    return known["q_sha256"] == sha256 and known["q_parser"] == recipe and not retry


def _row(work: Work, source: Source, candidate: _Candidate, version: UUID) -> dict[str, Any]:
    is_new = candidate.known is None or candidate.known["size"] is None
    return {
        "id": candidate.id,
        "space_id": work.space_id,
        "source_id": source.id,
        "path": candidate.file.path,
        "shard": identity.shard_of(candidate.id, work.shard_count),
        "change": "new" if is_new else "changed",
        "stage": "scanned",
        "size": candidate.file.size,
        "mtime_ns": candidate.mtime_ns,
        "sha256": candidate.sha256,
        "version_id": version,
        "parser": recipe_of(candidate.file.path),
        "run_id": work.run_id,
        "code_version": work.code_version,
    }
