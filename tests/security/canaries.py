"""Canaries: random words, each planted in one place, and the search for them in whatever leaves the server."""

import secrets
from collections.abc import Iterable

_LETTERS = "bcdfghjklmnpqrtvwxz"


class Canaries:
    """All the words that were planted, and where."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}

    def plant(self, place: str) -> str:
        """A new word for a place; 16 random letters that no language has, and that no stemmer shortens."""
        word = "zq" + "".join(secrets.choice(_LETTERS) for _ in range(14))
        self.places[word] = place
        return word

    def found_in(self, *texts: str, but: Iterable[str] = ()) -> list[str]:
        """The places whose words are in any of the texts, in whatever case, but for those words that may be there."""
        allowed, whole = set(but), "\n".join(texts).lower()
        if "zq" not in whole:  # most answers; 150 searches for nothing would be most of the work
            return []
        return [place for word, place in self.places.items() if word not in allowed and word in whole]
