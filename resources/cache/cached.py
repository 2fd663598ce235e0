"""Values of one kind, in all layers."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from resources.cache.layers import Layers

V = TypeVar("V")


@dataclass(frozen=True)
class Kind(Generic[V]):
    """What is kept.

    Attributes:
        name: In keys and in the metrics.
        pack: Makes bytes of a value.
        unpack: Makes the value of bytes.
        size: The memory that a value takes.
        ttl_s: How long it stays in Redis.
    """

    name: str
    pack: Callable[[V], bytes]
    unpack: Callable[[bytes], V]
    size: Callable[[V], int]
    ttl_s: int


class Cached(Generic[V]):
    """Values of a kind by their keys; threads share it.

    Args:
        layers: Where they lie.
        kind: What they are.
    """

    def __init__(self, layers: Layers, kind: Kind[V]) -> None:
        self._layers = layers
        self._kind = kind

    def key(self, *parts: Any) -> bytes:
        """The key that stands for all of `parts`, which JSON can express, or which have a text of their own."""
        text = json.dumps([self._kind.name, *parts], default=str, separators=(",", ":"))
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).digest()

    def near(self, key: bytes) -> V | None:
        """The value, if this process remembers it."""
        value: V | None = self._layers.memory.get(key)
        self._layers.count(self._kind.name, "L0", "miss" if value is None else "hit")
        return value

    def far(self, key: bytes) -> V | None:
        """The value, if Redis has it; from then on this process remembers it, too."""
        return self._far([key]).get(key)

    def get(self, key: bytes) -> V | None:
        """The value, from whichever layer has it."""
        value = self.near(key)
        return self.far(key) if value is None else value

    def get_many(self, keys: Sequence[bytes], *, shared: bool = True) -> dict[bytes, V]:
        """The values of those keys that any layer has.

        Args:
            keys: All of them.
            shared: Whether Redis may be asked.
        """
        found = {key: value for key in keys if (value := self._layers.memory.get(key)) is not None}
        missing = [key for key in keys if key not in found]
        self._layers.count(self._kind.name, "L0", "hit", len(found))
        self._layers.count(self._kind.name, "L0", "miss", len(missing))
        return {**found, **self._far(missing)} if shared and missing else found

    def put(self, key: bytes, value: V, *, shared: bool = True) -> None:
        """Remembers a value, in Redis as well if it may be shared."""
        self.put_many({key: value}, shared=shared)

    def put_many(self, values: Mapping[bytes, V], *, shared: bool = True) -> None:
        """The same for several."""
        for key, value in values.items():
            self._layers.memory.put(key, value, self._kind.size(value))
        if shared and values and self._layers.remote is not None:
            packed = [(key, self._kind.pack(value)) for key, value in values.items()]
            self._layers.remote.put(self._kind.name, packed, self._kind.ttl_s)

    def _far(self, keys: Sequence[bytes]) -> dict[bytes, V]:
        remote = self._layers.remote
        if remote is None:
            return {}
        found = {}
        for key, packed in zip(keys, remote.get(self._kind.name, keys), strict=True):
            if packed is not None:
                try:
                    found[key] = self._kind.unpack(packed)
                except (ValueError, KeyError):  # another version of this code wrote it
                    continue
        for key, value in found.items():
            self._layers.memory.put(key, value, self._kind.size(value))
        self._layers.count(self._kind.name, "L1", "hit", len(found))
        self._layers.count(self._kind.name, "L1", "miss", len(keys) - len(found))
        return found
