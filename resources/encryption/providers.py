"""Providers: whoever holds the keys that wrap the keys of spaces. A file, the environment, or a plug-in.

A plug-in is an entry point of the group `rage.key_providers`. It names something that is called with the settings and
returns a `KeyProvider`; the entry point's name is what `RAGE_KEY_PROVIDER` says.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass

from resources.encryption.errors import KeyUnavailable
from resources.errors import InvalidSettings, RageError
from resources.settings import Settings

GROUP = "rage.key_providers"
KEY_BYTES = 32


@dataclass(frozen=True)
class Wrapped:
    """A key under another.

    Attributes:
        provider: Who wrapped it.
        kek_id: Under which of the provider's keys.
        blob: What the provider made of it.
    """

    provider: str
    kek_id: str
    blob: bytes


class KeyProvider(ABC):
    """Wraps and unwraps keys of 32 bytes.

    A provider that asks a server bounds its own calls in time; whatever it raises counts as out of reach. It need not
    remember anything: what it unwraps is kept for a minute at most, so that a withdrawn key is withdrawn.
    """

    name: str

    @abstractmethod
    def wrap(self, key: bytes, context: bytes) -> Wrapped:
        """Wraps `key` under the current key, bound to `context`: it unwraps only with the same."""

    @abstractmethod
    def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        """The key.

        Raises:
            KeyUnavailable: The key that wraps it is not there, or the blob or the context is another.
        """

    @abstractmethod
    def current_id(self) -> str:
        """The id of the key that wraps from now on."""

    @abstractmethod
    def available(self, kek_id: str) -> bool:
        """Whether that key can be used now."""

    def prepare(self, in_use: Collection[str]) -> None:  # noqa: B027 -- nothing to do is the common case
        """Called before a key is wrapped, with the ids of the keys that wrap anything; may make the very first key."""

    def rotate(self) -> str:
        """Makes a new current key where the provider can, and returns the id of the current one."""
        return self.current_id()

    def prune(self, in_use: Collection[str]) -> list[str]:
        """Forgets older keys that are not `in_use`, where the provider can; returns their ids."""
        return []


class Providers:
    """The providers of this process, each opened on first use: one wraps, any may have wrapped before.

    Args:
        settings: Which one wraps, and what they need.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened: dict[str, KeyProvider] = {}

    @property
    def current(self) -> KeyProvider:
        """The provider that wraps."""
        return self.named(self._settings.key_provider)

    def named(self, name: str) -> KeyProvider:
        """The provider of that name.

        Raises:
            InvalidSettings: There is none, or it is not configured.
            KeyUnavailable: It cannot be opened.
        """
        if name not in self._opened:
            self._opened[name] = self._open(name)
        return self._opened[name]

    def _open(self, name: str) -> KeyProvider:
        if name == "file":
            from resources.encryption.key_file import KeyFile

            return KeyFile(self._settings.home / "keys" / "encryption.json")
        if name == "env":
            from resources.encryption.named_keys import EnvironmentKeys

            return EnvironmentKeys(self._settings)
        from importlib.metadata import entry_points

        found = [point for point in entry_points(group=GROUP) if point.name == name]
        if not found:
            raise InvalidSettings(
                f"There is no key provider {name!r}.",
                hint=f"Set RAGE_KEY_PROVIDER to file, env, or an installed entry point of the group {GROUP}.",
            )
        try:
            provider: KeyProvider = found[0].load()(self._settings)
        except RageError:
            raise
        except Exception as error:  # code of others
            raise KeyUnavailable(
                f"The key provider {name!r} cannot be opened: {type(error).__name__}.", hint="See its documentation."
            ) from error
        provider.name = name
        return provider
