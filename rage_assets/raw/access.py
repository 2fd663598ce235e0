"""Access files and links in a source: read when they change, in effect before anything is published."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from rage_assets.raw.diff import LONGEST_PATH
from rage_assets.raw.sources.protocol import SeenFile, SourceReader
from resources.access.rules import FILE_NAME, MOST_FILE_BYTES, AccessRule, read_access_file
from resources.errors import InvalidInput
from resources.postgres import access_rules
from resources.postgres.database import Connection


class AccessFiles:
    """The access files and links that a scan meets: both decide who may see a document.

    Args:
        known: Size and change mark of those that were read before, by path.
    """

    def __init__(self, known: dict[str, tuple[int, int]]) -> None:
        self._known = known
        self._seen: dict[str, SeenFile] = {}
        self._links: dict[str, str] = {}
        self._in_part = False

    def apart(self, files: Iterable[SeenFile]) -> Iterator[SeenFile]:
        """Yields the documents among `files`; keeps the access files, and where links lead."""
        for file in files:
            self._in_part |= bool(file.problem)  # an access file may lie where nobody can look
            if file.problem:
                yield file
            elif file.path == FILE_NAME or file.path.endswith(f"/{FILE_NAME}"):
                if len(file.path.encode()) <= LONGEST_PATH + len(FILE_NAME):  # or no document can lie beside it
                    self._seen[file.path] = file
            else:
                if file.leads_to:
                    self._links[file.path] = file.leads_to
                yield file

    def differ(self, *, complete: bool) -> bool:
        """Whether any is new, changed or, after a complete scan, gone."""
        complete = complete and not self._in_part
        now = {path: (size, mark) for path, size, mark in self.marks()}
        return any(self._known.get(path) != mark for path, mark in now.items()) or (
            complete and any(path not in now for path in self._known)
        )

    def marks(self) -> list[tuple[str, int, int]]:
        """What stands for exactly these files."""
        files = [(path, file.size, file.mtime_ns) for path, file in self._seen.items()]
        return sorted([*files, *((path, 0, _mark(target)) for path, target in self._links.items())])

    def put_to_effect(
        self, connection: Connection, reader: SourceReader, space_id: UUID, source_id: UUID, *, complete: bool
    ) -> list[dict[str, str]]:
        """Reads what differs and gives every document its new class.

        Args:
            connection: A transaction of the pipeline.
            reader: Of the source.
            space_id: The space.
            source_id: The source.
            complete: Whether the scan saw everything; otherwise nothing that it did not see is forgotten.

        Returns:
            `{path, reason}` of each access file that cannot be used; its folder is closed to all but administrators.
        """
        if not self.differ(complete=complete):
            return []
        rows = [self._read(reader, file) for file in self._seen.values()]
        rows += [_row(path, 0, _mark(target), leads_to=target) for path, target in self._links.items()]
        access_rules.replace_files(connection, space_id, source_id, rows, keep_others=not complete or self._in_part)
        access_rules.reclassify(connection, source_id)
        unusable = [row for row in rows if row["problem"]]
        # named after the source, which no reader sees as a document: a closed folder's path is for administrators
        return [{"document_id": str(source_id), "path": row["path"], "reason": row["problem"]} for row in unusable]

    @staticmethod
    def _read(reader: SourceReader, file: SeenFile) -> dict[str, Any]:
        rules: tuple[AccessRule, ...] = ()
        problem = None
        try:
            with reader.open(file) as content:
                rules = read_access_file(content.read(MOST_FILE_BYTES + 1))
        except (InvalidInput, OSError) as error:
            problem = str(error)[:500]
        return _row(file.path, file.size, file.mtime_ns, rules=rules, problem=problem)


def _row(
    path: str,
    size: int,
    mark: int,
    *,
    rules: tuple[AccessRule, ...] = (),
    problem: str | None = None,
    leads_to: str | None = None,
) -> dict[str, Any]:
    return {"path": path, "size": size, "mtime_ns": mark, "rules": rules, "problem": problem, "leads_to": leads_to}


def _mark(target: str) -> int:
    """A number that stands for where a link leads."""
    return int.from_bytes(hashlib.sha256(target.encode()).digest()[:7])
