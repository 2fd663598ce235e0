"""Twins: live documents of the same bytes, read by the same rules. A file that moved, or a copy, need not be read again."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from rage_assets.blocks.parsing.code.generated import skipped
from rage_assets.work import Work
from resources.domain import ParsedBlock, ParsedDocument
from resources.postgres import staged_texts, twins


class Twin:
    """What a live document holds, in the form of a reading.

    Attributes:
        document: All but its blocks.
        blocks: How many blocks there are.
    """

    def __init__(self, work: Work, row: dict[str, Any]) -> None:
        self._work = work
        self._id: UUID = row["twin"]
        named = row["title"] == PurePosixPath(row["path"]).name  # by its file, for want of a title of its own
        self.document = ParsedDocument(
            title="" if named else row["title"],
            media_type=row["media_type"],
            blocks=[],
            language=row["language"],
            parser=row["parser"],
        )
        self.blocks: int = row["blocks"]

    def stream(self) -> Iterator[ParsedBlock]:
        """The blocks in order, one at a time."""
        for row in staged_texts.stream_blocks(self._work.transaction, [self._id], live=True):
            yield ParsedBlock.model_validate({name: row[name] for name in ParsedBlock.model_fields})

    def close(self) -> None:
        """Does nothing: what a live document holds stays."""


def twins_of(work: Work, documents: Sequence[dict[str, Any]]) -> dict[UUID, Twin]:
    """Those of the staged documents that need not be read, by id, each with its twin.

    Only twins in the run's own shards count: no other run changes these meanwhile.
    """
    with work.transaction() as connection:
        rows = twins.find(connection, [row["id"] for row in documents], work.shards)
    path_of = {row["id"]: row["path"] for row in documents}
    return {row["id"]: Twin(work, row) for row in rows if _read_alike(work, path_of[row["id"]], row)}


def _read_alike(work: Work, path: str, twin: dict[str, Any]) -> bool:
    """Whether a file would be read as its twin was, as far as its path has a say in that."""
    here, there = PurePosixPath(path), PurePosixPath(twin["path"])
    if here.name != there.name and (not here.suffix or here.suffix.lower() != there.suffix.lower()):
        return False
    return work.platform.settings.parse_generated or skipped(path, twin["media_type"], b"") is None
