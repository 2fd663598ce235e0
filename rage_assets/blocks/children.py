"""Files within files: what a parser found inside a document is staged like any file of a source."""

import hashlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

from rage_assets.blocks.parsing import most_bytes
from rage_assets.raw.diff import LONGEST_PATH
from rage_assets.raw.read import Refused
from rage_assets.raw.stage import Candidate, Stager
from rage_assets.work import Work
from resources import identity
from resources.domain import WITHIN, ChildFile
from resources.postgres import children, staging

# Of everything inside one file of a source: archives within archives multiply.
_MOST_FILES = 50_000
_MOST_BYTES = 8_000_000_000
_LONGEST_SUFFIX = 12


def stage_children(work: Work, stager: Stager, row: dict[str, Any], inside: Sequence[ChildFile]) -> None:
    """Stages what differs of the files inside a document, and the removal of those that are not in it any more.

    It need not be called for a document with no file inside, where none was known before.

    Args:
        work: The run.
        stager: Of the run.
        row: The document's staged row.
        inside: What was found in it, in scratch files.
    """
    found = {path_within(row["path"], child.name): Path(str(child.data)) for child in inside}
    ids = {identity.document_id(row["source_id"], path): path for path in found}
    with work.transaction() as connection:
        known = children.known(connection, row["id"])
        children.unstage(connection, [row["id"]])
        deleted = staging.excluded(connection, list(ids))
        files, size = children.staged_inside(connection, row["source_id"], row["path"].split(WITHIN, 1)[0])
    pending: list[Candidate] = []
    for key, path in ids.items():
        if key in deleted:
            continue
        files, size = files + 1, size + found[path].stat().st_size
        candidate = _candidate(row, key, path, found[path], known.get(key))
        problem = _problem(candidate, files, size, work.platform.settings.max_file_bytes)
        if problem is None:
            pending.append(candidate)
        else:
            candidate.content.close()
            fields = ("id", "path", "shard", "size", "mtime_ns", "sha256", "parent_id")
            document = {name: getattr(candidate, name) for name in fields} | {"source_id": row["source_id"]}
            stager.refuse(document, Refused("too_large", problem))
        if stager.enough(pending):
            stager.stage(row["source_id"], pending)
    stager.stage(row["source_id"], pending)
    gone = [key for key in known if key not in ids or key in deleted]
    with work.transaction() as connection:
        rows = children.rows(connection, gone)
    stager.remove(row["source_id"], rows)


def path_within(path: str, name: str) -> str:
    """The path of the file called `name` within the one at `path`.

    Where it grows longer than what the database finds documents by, the name is cut and told apart by its hash. A source
    lists no such path, but archives hold names of any length.
    """
    whole = f"{path}{WITHIN}{name}"
    if len(whole.encode()) <= LONGEST_PATH:
        return whole
    suffix = PurePosixPath(name).suffix
    told = f"~{hashlib.sha256(name.encode()).hexdigest()[:32]}{suffix if len(suffix.encode()) <= _LONGEST_SUFFIX else ''}"
    room = max(0, LONGEST_PATH - len(f"{path}{WITHIN}{told}".encode()))
    return f"{path}{WITHIN}{name.encode()[:room].decode('utf-8', 'ignore')}{told}"


def _candidate(row: dict[str, Any], key: UUID, path: str, place: Path, known: dict[str, Any] | None) -> Candidate:
    content = place.open("rb")
    sha256 = hashlib.file_digest(content, "sha256").digest()
    content.seek(0)
    size = place.stat().st_size
    # in its parent's shard: whoever reads the one reads the other
    return Candidate(key, path, row["shard"], known, content, sha256, row["mtime_ns"], size, parent_id=row["id"])


def _problem(candidate: Candidate, files: int, size: int, limit: int) -> str | None:
    most = most_bytes(candidate.path, limit)
    if candidate.size > most:
        return f"{candidate.size} bytes; the limit is {most}."
    if files > _MOST_FILES or size > _MOST_BYTES:
        return f"It stands in a file with more than {_MOST_FILES} files or {_MOST_BYTES} bytes inside."
    return None
