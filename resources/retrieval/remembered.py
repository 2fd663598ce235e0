"""What searches remember: query vectors, whole responses and blocks. Keys carry all that a value depends on.

A response's key names the space's epoch, its index version and the rights of the caller, all read in the transaction that
asks. A block belongs to one version of a document, whose passage was found under row-level security before.
"""

import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from resources.cache import Cached, Flights, Kind, Layers
from resources.domain import Block
from resources.postgres.search import Scope
from resources.retrieval.models import SearchRequest, SearchResponse

_MINUTE = 60
_COUNT = struct.Struct("<BIH")  # whether it is whole, how many hits, the length of its key
_BLOCK_BYTES = 900  # of a block besides its text


@dataclass(slots=True)
class Response:
    """A response as it is sent, but for the time that it took.

    Attributes:
        key: What it answers; it is nobody's whose key is another.
        body: Its JSON without `took_ms`, as the beginning of an object.
        passages: The passages that it shows, and those that it names as copies.
        documents: Their documents, in the same order.
        whole: Whether every part did its share; only then it is remembered.
        current_at: When it was last known to be what a search would find.
    """

    key: bytes
    body: bytes
    passages: tuple[UUID, ...]
    documents: tuple[UUID, ...]
    whole: bool
    current_at: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, key: bytes, response: SearchResponse) -> "Response":
        """As it was made."""
        return cls(
            key,
            response.model_dump_json(exclude={"took_ms"}).encode()[:-1],
            tuple(
                each for result in response.results for each in (result.passage.id, *(c.passage_id for c in result.also_in))
            ),
            tuple(
                each
                for result in response.results
                for each in (result.document.id, *(c.document_id for c in result.also_in))
            ),
            not response.degraded,
        )

    def sent(self, took_ms: float) -> bytes:
        """The JSON that is sent."""
        return b'%s,"took_ms":%.2f}' % (self.body, took_ms)

    def read(self, took_ms: float) -> SearchResponse:
        """The same for programs."""
        return SearchResponse.model_validate_json(self.sent(took_ms))


class Remembered:
    """The caches of one retriever.

    Args:
        layers: Where they lie.
    """

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self.responses = Cached(layers, Kind("result", _pack, _unpack, _response_size, 10 * _MINUTE))
        self.flights: Flights[Response] = Flights(layers, "result")
        self._vectors = Cached(
            layers, Kind("embedding", _vector_bytes, _vector, lambda each: each.nbytes, 24 * 60 * _MINUTE)
        )
        self._blocks = Cached(layers, Kind("block", _block_bytes, Block.model_validate_json, _block_size, 10 * _MINUTE))

    def response_key(self, where: Scope, request: SearchRequest, *more: Any) -> bytes:
        """What a response answers, `more` included; the first part stays the same from epoch to epoch."""
        about = (where.space, where.rights, where.index_version, where.profile)
        base = self.responses.key(*about, request.model_dump_json(), *more)
        return base + where.epoch.to_bytes(8, "big")

    def keep(self, response: Response, *, shared: bool) -> None:
        """Remembers a response, if it is whole."""
        if response.whole:
            self.responses.put(response.key, response, shared=shared)
            if self.layers.stale_s:
                self.layers.memory.put(response.key[:-8], response, _response_size(response))

    def outdated(self, key: bytes) -> Response | None:
        """What was the response to the same in an epoch before, if that was a moment ago.

        Its texts must be looked up again before anybody sees them.
        """
        found: Response | None = self.layers.memory.get(key[:-8]) if self.layers.stale_s else None
        return found if found and time.monotonic() - found.current_at <= self.layers.stale_s else None

    def vector(self, model: str, text: str) -> NDArray[np.float32] | None:
        """The vector of a query."""
        return self._vectors.get(self._vectors.key(model, text))

    def keep_vector(self, model: str, text: str, vector: NDArray[np.float32]) -> None:
        """Remembers it."""
        self._vectors.put(self._vectors.key(model, text), vector)

    def blocks(self, space: UUID, wanted: Mapping[UUID, UUID], *, shared: bool) -> dict[UUID, Block]:
        """Those blocks that are remembered, by id; `wanted` names the version of the document that each belongs to."""
        keys = {self._blocks.key(space, version, block): block for block, version in wanted.items()}
        return {keys[key]: block for key, block in self._blocks.get_many(list(keys), shared=shared).items()}

    def keep_blocks(self, space: UUID, wanted: Mapping[UUID, UUID], blocks: Sequence[Block], *, shared: bool) -> None:
        """Remembers blocks that were read under row-level security."""
        values = {self._blocks.key(space, wanted[block.id], block.id): block for block in blocks}
        self._blocks.put_many(values, shared=shared)


def _response_size(response: Response) -> int:
    return len(response.body) + 100 * len(response.passages)


def _pack(response: Response) -> bytes:
    ids = b"".join(each.bytes for each in (*response.passages, *response.documents))
    count = _COUNT.pack(response.whole, len(response.passages), len(response.key))
    return count + response.key + ids + response.body


def _unpack(packed: bytes) -> Response:
    try:
        whole, count, length = _COUNT.unpack_from(packed)
    except struct.error as error:
        raise ValueError("no response") from error
    start = _COUNT.size + length
    ids = [UUID(bytes=packed[at : at + 16]) for at in range(start, start + 32 * count, 16)]
    key = packed[_COUNT.size : start]
    return Response(key, packed[start + 32 * count :], tuple(ids[:count]), tuple(ids[count:]), bool(whole))


def _vector_bytes(vector: NDArray[np.float32]) -> bytes:
    return vector.astype("<f4").tobytes()


def _vector(packed: bytes) -> NDArray[np.float32]:
    return np.frombuffer(packed, "<f4").astype(np.float32)


def _block_bytes(block: Block) -> bytes:
    return block.model_dump_json().encode()


def _block_size(block: Any) -> int:
    return len(block.text) * 2 + _BLOCK_BYTES
