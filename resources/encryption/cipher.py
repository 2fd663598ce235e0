"""The open keys of one space."""

from collections.abc import Callable
from uuid import UUID

from resources.encryption.errors import KeyDestroyed, KeyUnavailable, Tampered
from resources.encryption.names import NameCipher
from resources.postgres.space_keys import KeyRow


class SpaceCipher:
    """The open keys of one space.

    Args:
        space: The space.
        rows: Its keys, oldest first.
        unwrap: Opens one.

    Raises:
        KeyDestroyed: They were destroyed.
        KeyUnavailable: What wraps them is out of reach.
    """

    def __init__(self, space: UUID, rows: list[KeyRow], unwrap: Callable[[UUID, KeyRow], bytes]) -> None:
        self.space = space
        self._unwrap = unwrap
        self._rows = {row.id: row for row in rows if row.purpose == "data"}
        self._open: dict[UUID, bytes] = {}
        named = [row for row in rows if row.purpose == "names"]
        if any(row.wrapped is None for row in rows):
            raise destroyed(space)
        if not named or not self._rows:
            raise KeyUnavailable(
                f"The keys of the encrypted space {space} are not in the database.", hint="Restore it from its backup."
            )
        self.newest = list(self._rows)[-1]
        self.key(self.newest)
        self.names = NameCipher(unwrap(space, named[0]), space)

    def knows(self, key: UUID) -> bool:
        """Whether the space has a data key of that id."""
        return key in self._rows

    def key(self, key: UUID) -> bytes:
        """A data key.

        Raises:
            KeyUnavailable: What wraps it is out of reach.
            Tampered: The space never had it.
        """
        if key not in self._open:
            if key not in self._rows:
                raise Tampered(f"A stored file names a key that the space {self.space} does not have.")
            self._open[key] = self._unwrap(self.space, self._rows[key])
        return self._open[key]


def destroyed(space: UUID) -> KeyDestroyed:
    """The error for a space whose keys were destroyed."""
    return KeyDestroyed(
        f"The keys of the space {space} were destroyed: nobody can read its files again.",
        hint="Delete the space, and bring its documents into another.",
    )
