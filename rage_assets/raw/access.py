"""Access files in a source: kept out of its documents, read when they change, in effect before anything is published."""

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
    """The access files that a scan meets.

    Args:
        known: Size and change mark of those that were read before, by path.
    """

    def __init__(self, known: dict[str, tuple[int, int]]) -> None:
        self._known = known
        self._seen: dict[str, SeenFile] = {}
        self._in_part = False

    def apart(self, files: Iterable[SeenFile]) -> Iterator[SeenFile]:
        """Yields the documents among `files`, and keeps the access files."""
        for file in files:
            self._in_part |= bool(file.problem)  # an access file may lie where nobody can look
            if file.problem:
                yield file
            elif file.path == FILE_NAME or file.path.endswith(f"/{FILE_NAME}"):
                if len(file.path.encode()) <= LONGEST_PATH + len(FILE_NAME):  # or no document can lie beside it
                    self._seen[file.path] = file
            else:
                yield file

    def differ(self, *, complete: bool) -> bool:
        """Whether any is new, changed or, after a complete scan, gone."""
        complete = complete and not self._in_part
        now = {path: (file.size, file.mtime_ns) for path, file in self._seen.items()}
        return any(self._known.get(path) != mark for path, mark in now.items()) or (
            complete and any(path not in now for path in self._known)
        )

    def marks(self) -> list[tuple[str, int, int]]:
        """What stands for exactly these files."""
        return sorted((path, file.size, file.mtime_ns) for path, file in self._seen.items())

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
        return {"path": file.path, "size": file.size, "mtime_ns": file.mtime_ns, "rules": rules, "problem": problem}
