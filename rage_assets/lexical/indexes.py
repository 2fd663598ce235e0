"""The lexical indexes of a space while a run works on them: one for each index version, all of the same documents.

An engine that does not answer holds nobody up. Its index is left out from then on, and whoever changes documents notes
in the outbox what the index lacks, for a later run to bring in.
"""

from collections.abc import Callable, Iterable
from itertools import groupby, islice
from operator import itemgetter
from typing import Any
from uuid import UUID

from resources.lexical.languages import natural
from resources.lexical.protocol import LexicalIndex, LexicalPassage, LexicalUnavailable
from resources.logs import get_logger

_log = get_logger(__name__)
_TOGETHER = 5_000


class Indexes:
    """The indexes by index version.

    Args:
        opened: Those that are there.
        lost: Why others are not.
    """

    def __init__(self, opened: dict[UUID, LexicalIndex], lost: dict[UUID, LexicalUnavailable] | None = None) -> None:
        self.opened = opened
        self.lost = lost or {}

    @property
    def whole(self) -> bool:
        """Whether every index is there and took all that it was given."""
        return not self.lost

    def replace(self, ids: list[UUID], passages: Iterable[dict[str, Any]]) -> bool:
        """Makes the entries of these documents exactly `passages` (rows in the order of index versions)."""
        return self._filled(lambda index: index.delete_documents(ids), passages)

    def add(self, versions: list[UUID], passages: Iterable[dict[str, Any]]) -> bool:
        """Adds the passages of these document versions, in place of what an earlier run left of them."""
        return self._filled(lambda index: index.delete_versions(versions), passages)

    def _filled(self, clear: Callable[[LexicalIndex], object], passages: Iterable[dict[str, Any]]) -> bool:
        def begin(index: LexicalIndex, own: list[dict[str, Any]]) -> None:
            clear(index)
            index.add(map(entry, own))

        rows = iter(passages)
        done = self._each(begin, list(islice(rows, _TOGETHER)))
        while more := list(islice(rows, _TOGETHER)):
            done = self._each(lambda index, own: index.add(map(entry, own)), more)
        return done

    def delete_versions(self, ids: Iterable[UUID]) -> bool:
        """Removes the passages of these document versions."""
        versions = list(ids)
        return self._each(lambda index, _: index.delete_versions(versions), [])

    def _each(self, act: Callable[[LexicalIndex, list[dict[str, Any]]], object], passages: list[dict[str, Any]]) -> bool:
        """Does it to each index with its own rows, and commits; returns whether all were there and did it."""
        rows = {version: list(own) for version, own in groupby(passages, itemgetter("index_version"))}
        for version, index in list(self.opened.items()):
            try:
                act(index, rows.get(version, []))
                index.commit()
            except LexicalUnavailable as error:
                _log.warning("lexical_index_left_out", index_version=str(version), reason=error.reason)
                self.lost[version] = error
                del self.opened[version]
        return self.whole


def entry(row: dict[str, Any]) -> LexicalPassage:
    """What an index takes in of a passage's row with its document's title, path and language."""
    section = " > ".join(row["section"])
    text = row["text"]
    return LexicalPassage(
        id=row["id"],
        document_id=row["document_id"],
        version_id=row["version_id"],
        title=row["title"],
        section=section,
        # the section path stands above the passage's text for the embedder; here it has a field of its own
        text=text.split("\n", 1)[1] if section and "\n" in text and section.startswith(text.split("\n", 1)[0]) else text,
        path=row["path"],
        # a short passage is in the language of its document
        languages=natural(row["languages"]) or natural([row["language"]]),
        code="code" in row["types"],
    )
