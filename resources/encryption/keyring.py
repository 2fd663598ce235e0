"""The keyring: the open keys of encrypted spaces, for a minute each, so that a key withdrawn is a key without effect."""

import secrets
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from uuid import UUID, uuid4

from resources.encryption.cipher import SpaceCipher, destroyed
from resources.encryption.errors import KeyDestroyed, KeyUnavailable
from resources.encryption.providers import KEY_BYTES, Providers, Wrapped
from resources.errors import NotFound, RageError
from resources.postgres.space_keys import KeyRow, SpaceKeys, Stored

CACHE_S = 60.0
FAILED_S = 2.0  # a provider that does not answer is not asked for every request
_LISTED_S = 10.0
_NOBODYS = UUID(int=0)  # what probes write into; it is no space


class Keyring:
    """Opens the keys of spaces.

    Args:
        vault: Where the wrapped keys lie.
        providers: Who unwraps them.
        clock: Tells the seconds.
    """

    def __init__(self, vault: SpaceKeys, providers: Providers, clock: Callable[[], float] = time.monotonic) -> None:
        self.vault = vault
        self.providers = providers
        self._clock = clock
        self._known: dict[UUID, tuple[float, SpaceCipher | RageError | None]] = {}
        self._listed: tuple[float, list[UUID]] = (float("-inf"), [])
        self._lock = threading.Lock()

    def __call__(self, space: UUID) -> SpaceCipher | None:
        """The cipher of a space; None where it is not encrypted.

        Raises:
            KeyUnavailable: What wraps its keys is out of reach.
            KeyDestroyed: They were destroyed.
            NotFound: There is no such space.
        """
        if space == _NOBODYS:
            return None
        until, known = self._known.get(space, (0.0, None))
        if until <= (now := self._clock()):
            # the time counts from before the keys were looked at
            try:
                until, known = now + CACHE_S, self._load(space)
            except (KeyUnavailable, KeyDestroyed) as error:
                until, known = now + FAILED_S, error
            with self._lock:
                self._known[space] = until, known
        if isinstance(known, RageError):
            raise type(known)(known.message, hint=known.hint)
        return known

    def moving(self, space: UUID) -> SpaceCipher:
        """The cipher of a space on its way into encryption or out of it, whatever its isolation says yet.

        Raises:
            KeyUnavailable: What wraps its keys is out of reach, or it has none and is not on its way.
            KeyDestroyed: They were destroyed.
        """
        return self._cipher(space, self.vault.load(space))

    def fresh(self, space: UUID) -> SpaceCipher | None:
        """The same, looked up anew."""
        self.forget(space)
        return self(space)

    def forget(self, space: UUID) -> None:
        """Drops what is known of a space: after its isolation or its keys were changed here."""
        with self._lock:
            self._known.pop(space, None)
            self._listed = (float("-inf"), [])

    def check(self, space: UUID) -> None:
        """Makes sure that an encrypted space may be read; to be asked before anything is answered from one.

        Raises:
            KeyUnavailable: What wraps its keys is out of reach.
            KeyDestroyed: They were destroyed.
        """
        self(space)

    def withdrawn(self) -> list[UUID]:
        """The encrypted spaces that nobody may read now, because their keys are out of reach or destroyed."""
        until, spaces = self._listed
        if until <= (now := self._clock()):
            until, spaces = now + _LISTED_S, self.vault.spaces()
            with self._lock:
                self._listed = until, spaces
        return [space for space in spaces if not self._readable(space)]

    def publishing(self, space: UUID, *, alone: bool = False) -> AbstractContextManager[UUID | None]:
        """See `SpaceKeys.publishing`."""
        return self.vault.publishing(space, alone=alone)

    def new_key(self, space: UUID, purpose: str) -> KeyRow:
        """A new key, wrapped; to be kept while `vault.wrapping` lasts."""
        provider = self.providers.current
        provider.prepare(self.vault.kek_ids(provider.name))
        row = KeyRow(uuid4(), purpose, b"", provider.name, "")
        return self.wrap(space, row, secrets.token_bytes(KEY_BYTES))

    def wrap(self, space: UUID, row: KeyRow, key: bytes) -> KeyRow:
        """The row of a key, wrapped under the current key of the current provider."""
        provider = self.providers.current
        try:
            wrapped = provider.wrap(key, _context(space, row))
        except RageError:
            raise
        except Exception as error:  # code of others
            raise _silent(provider.name, error) from error
        made = replace(row, wrapped=wrapped.blob, provider=provider.name, kek_id=wrapped.kek_id)
        if self.unwrap(space, made) != key:  # before anything depends on it
            raise KeyUnavailable(f"The key provider {provider.name!r} does not give back what it wrapped.", hint="Mend it.")
        return made

    def unwrap(self, space: UUID, row: KeyRow) -> bytes:
        """The key of a row.

        Raises:
            KeyUnavailable: What wraps it is out of reach.
            KeyDestroyed: It was destroyed.
        """
        if row.wrapped is None:
            raise destroyed(space)
        try:
            provider = self.providers.named(row.provider)
            key = provider.unwrap(Wrapped(row.provider, row.kek_id, row.wrapped), _context(space, row))
        except KeyUnavailable:
            raise
        except Exception as error:  # code of others, or a provider that is not configured any more
            raise _silent(row.provider, error) from error
        if len(key) != KEY_BYTES:
            raise KeyUnavailable(f"The key provider {row.provider!r} gave a key of {len(key)} bytes.", hint="Mend it.")
        return key

    def _load(self, space: UUID) -> SpaceCipher | None:
        stored = self.vault.load(space)
        if stored.isolation is None:  # rather an error than bytes of an encrypted space in the clear
            raise NotFound(f"There is no space {space}.")
        return self._cipher(space, stored) if stored.isolation == "encrypted" else None

    def _cipher(self, space: UUID, stored: Stored) -> SpaceCipher:
        if not stored.keys:
            with self.vault.wrapping():
                self.vault.add_first(space, [self.new_key(space, "names"), self.new_key(space, "data")])
            stored = self.vault.load(space)
        return SpaceCipher(space, stored.keys, self.unwrap)

    def _readable(self, space: UUID) -> bool:
        try:
            self(space)
        except RageError:
            return False
        return True


def _silent(provider: str, error: Exception) -> KeyUnavailable:
    return KeyUnavailable(
        f"The key provider {provider!r} does not answer: {type(error).__name__}.",
        hint="Bring it back; until then the spaces whose keys it wraps cannot be read.",
    )


def _context(space: UUID, row: KeyRow) -> bytes:
    return b"RAGE space key v1 " + space.bytes + row.id.bytes + row.purpose.encode()
