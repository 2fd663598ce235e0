"""What a lexical index is to the rest of the platform: one for each index version of a space, derived, disposable."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from resources.errors import ServiceUnavailable


class LexicalUnavailable(ServiceUnavailable):
    """The lexical index is missing, broken, of another format, or held by another writer; or its server is not there.

    Attributes:
        reason: `missing`, `broken`, `format`, `locked`, `unreachable`, `busy`, `refused` or `unsupported`.
    """

    code = "lexical_unavailable"

    def __init__(self, reason: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, reason=reason)
        self.reason = reason


class LexicalPassage(NamedTuple):
    """A passage as the lexical index takes it in.

    Attributes:
        title: The document's title.
        section: The headings above the passage, joined.
        text: The passage as Postgres holds it; patterns are looked for in it.
        path: The document's path relative to its source's location.
        languages: The languages of its text, ISO 639-1; none where nobody could tell.
        code: Whether there is code in it.
    """

    id: UUID
    document_id: UUID
    version_id: UUID
    title: str
    section: str
    text: str
    path: str
    languages: tuple[str, ...] = ()
    code: bool = False


class LexicalIndex(Protocol):
    """The passages of one index version, found by words or by pieces of text. Writes show after `commit`."""

    def add(self, passages: Iterable[LexicalPassage]) -> int:
        """Adds passages, each in place of one with the same id; returns how many."""
        ...

    def delete_versions(self, ids: Iterable[UUID]) -> None:
        """Removes the passages of these document versions."""
        ...

    def delete_documents(self, ids: Iterable[UUID]) -> None:
        """Removes the passages of these documents, whichever version."""
        ...

    def commit(self) -> None:
        """Makes what was added and deleted durable and visible to every process, and lets other writers in."""
        ...

    def search(
        self, query: str, k: int, *, languages: Sequence[str] = (), within: Collection[UUID] | None = None
    ) -> list[tuple[UUID, float]]:
        """At most `k` (passage id, BM25 score > 0), best first. No character of `query` is syntax.

        Args:
            query: Words.
            k: The most hits.
            languages: Those that the query may be in, ISO 639-1; none for all that the index holds.
            within: Some ten thousand passages or fewer, beside which there are no hits. Scores are what they are without.
        """
        ...

    def pattern_candidates(
        self, required: Sequence[Sequence[str]], limit: int, *, within: Collection[UUID] | None = None
    ) -> list[UUID]:
        """At most `limit` ids of passages whose text may hold one string of each group in `required`, whatever the case.

        A group with a string of fewer than three characters does not narrow; where none does, every passage is a candidate,
        or every one of those in `within`.
        """
        ...

    def count(self) -> int:
        """How many passages there are."""
        ...

    def document_versions(self, prefix: str = "") -> Iterator[tuple[UUID, UUID, int]]:
        """Yields (document id, version id, passages) for every version that has passages here, in the ids' order.

        Args:
            prefix: Only documents whose ids, in hexadecimal, begin so.
        """
        ...

    def destroy(self) -> None:
        """Removes the index with all its content."""
        ...

    def close(self) -> None:
        """Lets go of files and locks; what was not committed may be lost."""
        ...


class NewLexicalIndex(LexicalIndex, Protocol):
    """An index that nobody reads yet."""

    def take_place(self) -> None:
        """Puts it in the place of the one that is read, and removes that one."""
        ...

    def discard(self) -> None:
        """Removes it, as if it had never been begun; afterwards it is of no use."""
        ...
