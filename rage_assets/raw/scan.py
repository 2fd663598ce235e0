"""The raw stage: finds what differs, stores its bytes, and stages it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, cast
from uuid import UUID

from rage_assets.blocks.parsing import most_bytes
from rage_assets.raw.access import AccessFiles
from rage_assets.raw.diff import Difference, diff
from rage_assets.raw.read import Refused, read_file
from rage_assets.raw.sources import SeenFile, SourceReader, open_source
from rage_assets.raw.stage import Candidate, Stager, wants_retry
from rage_assets.raw.unseen import Problems, count_renamed, keep_staged
from rage_assets.recipe import recipe_of
from rage_assets.work import Work
from resources import identity
from resources.domain import Source
from resources.errors import RageError, SourceUnreadable
from resources.postgres import access_rules, children, runs, sources, staging
from resources.postgres.quotas import Quota


@dataclass
class Scan:
    """What a scan found.

    Attributes:
        stager: Stages what differs, and counts documents by what became of them.
        bytes_read: Bytes that had to be read.
        unreadable: The sources that could not be read, with the reason.
    """

    stager: Stager
    bytes_read: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> Counter[str]:
        """Documents by what became of them: new, changed, removed, unchanged, quarantined, renamed."""
        return self.stager.counts


def scan_space(work: Work) -> Scan:
    """Scans the sources of the space and stages what differs; a source that cannot be read loses nothing.

    Where the run lets sources rest, they keep what they have.

    Raises:
        SourceUnreadable: No source of the space can be read.
    """
    with work.transaction() as connection:
        result = Scan(Stager(work, Quota(connection, work.space_id)))
        resting = sources.resting(connection, work.space_id) if work.due_only else set()
        listed = []
        for source in sources.listing(connection, work.space_id):
            if source.id in resting:
                keep_staged(work, connection, source.id)
            else:
                listed.append(source)
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
        children.adopt(connection, work.space_id, work.shards, work.run_id)
        staging.discard_others(connection, work.space_id, work.shards, work.run_id)
        result.counts["renamed"] += count_renamed(connection, work)
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
    _have_children_read_again(work, source)
    seen = iter(()) if row["removing"] else _of_shards(work, source, access.apart(reader.scan()))
    first = list(islice(seen, 1))  # fetching a repository or a site may take long, and no transaction waits for it
    removed: list[dict[str, Any]] = []
    pending: list[Candidate] = []
    problems = Problems(work, source)
    found = kept = 0
    # The stream of known rows needs a transaction that stays open; the work goes on in others.
    with work.transaction() as reading:
        known = staging.known(reading, source.id, work.shards)
        for difference in diff(chain(first, seen), known, recipe_of, work.platform.settings.max_attempts):
            if difference.kind == "removed":
                known_row = cast(dict[str, Any], difference.known)  # little of each, for there may be millions
                removed.append({name: known_row[name] for name in ("id", "path", "sha256", "size")})
                continue
            found += 1
            kept += difference.known is not None
            if difference.kind == "unreadable":
                _keep(difference, problems, result)
            elif difference.kind != "candidate":
                result.counts[difference.kind] += 1
            else:
                candidate = _read(work, source, reader, difference, result)
                if candidate is not None:
                    pending.append(candidate)
            if result.stager.enough(pending):
                result.stager.stage(source.id, pending)
            if found % 500 == 0:
                work.progress("scan", found, None)
        result.stager.stage(source.id, pending)
    device = None if row["removing"] else reader.identity()  # of what was seen: it may have been unmounted just before
    if removed and not kept and row["device"] is not None and device is not None and device != row["device"]:
        raise SourceUnreadable(
            f"{source.location} has nothing of what it had and lies on another device than before: it looks unmounted.",
            hint="Mount it again. Nothing of it was removed; if this is meant, remove the source and add it again.",
        )
    result.stager.remove(
        source.id,
        [{"shard": identity.shard_of(row["id"], work.shard_count)} | row for row in removed + _unlisted(work, source)],
    )
    problems.record()
    with work.transaction() as connection:
        result.counts["unchanged"] += children.count_unchanged(connection, source.id, work.shards)
        sources.remember_scan(connection, source.id, device=device, error=None)
    work.progress("scan", found, found)


def _keep(difference: Difference, problems: Problems, result: Scan) -> None:
    """What cannot be read just now stays as it is."""
    if difference.seen is not None:
        problems.add(difference.seen, difference.known)
    if difference.known is not None:
        result.counts["unchanged" if difference.known["size"] is not None else "quarantined"] += 1


def _of_shards(work: Work, source: Source, files: Iterator[SeenFile]) -> Iterator[SeenFile]:
    """The files whose documents lie in this run's shards and that nobody deleted."""
    batch: list[SeenFile] = []
    wanted = set(work.shards)

    def flush() -> Iterator[SeenFile]:
        ids: dict[UUID, SeenFile] = {}
        for file in batch:
            ids.setdefault(identity.document_id(source.id, file.path), file)
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


def _read(work: Work, source: Source, reader: SourceReader, difference: Difference, result: Scan) -> Candidate | None:
    """Reads and hashes a file once; None where it is gone, or where it went to quarantine instead."""
    file = cast(SeenFile, difference.seen)
    document = identity.document_id(source.id, file.path)
    shard = identity.shard_of(document, work.shard_count)
    try:
        content = read_file(reader, file, most_bytes(file.path, work.platform.settings.max_file_bytes))
    except Refused as refusal:
        row = {"id": document, "source_id": source.id, "path": file.path, "shard": shard}
        result.stager.refuse(row | {"size": file.size, "mtime_ns": file.mtime_ns}, refusal)
        return None
    if content is None:
        if difference.known is not None:  # gone between listing and reading: the next run sees it as removed
            result.counts["unchanged"] += 1
        return None
    result.bytes_read += content.size
    return Candidate(
        document, file.path, shard, difference.known, content.stream, content.sha256, file.mtime_ns, content.size
    )


def _have_children_read_again(work: Work, source: Source) -> None:
    """A file within a file is read again with the file that holds it: by a new parser, or because a person asks for it."""
    most = work.platform.settings.max_attempts
    parents: set[UUID] = set()
    with work.transaction() as connection:
        for row in children.of_source(connection, source.id, work.shards):
            recipe = recipe_of(row["path"], row["media_type"])
            outdated = row["q_parser"] != recipe or wants_retry(row, most) if row["q_parser"] else row["parser"] != recipe
            if outdated and not row["excluded"]:
                parents.add(row["parent_id"])
    if parents:
        with work.transaction() as connection:
            children.read_again(connection, list(parents))


def _unlisted(work: Work, source: Source) -> list[dict[str, Any]]:
    """Documents within others that go, though no list of the source misses them.

    A person deleted them, or whoever removed the file that held them was killed.
    """
    with work.transaction() as connection:
        deleted = [row["id"] for row in children.of_source(connection, source.id, work.shards) if row["excluded"]]
        return children.rows(connection, deleted) + children.orphans(connection, source.id, work.shards)
