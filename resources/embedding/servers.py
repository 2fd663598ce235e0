"""Embedders on a server: OpenAI's `/v1/embeddings`, which vLLM and many others speak, and text-embeddings-inference."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from resources.embedding.batches import of_unit_length
from resources.embedding.estimate import SHARE, estimated_spans
from resources.embedding.prompts import Prompts, configured_prompts
from resources.embedding.server_http import EmbeddingHttp, Refused, unavailable
from resources.errors import InvalidSettings
from resources.settings import Settings

_IN_FLIGHT = 4
_BATCH_TOKENS = 16_384
_CHARACTERS_PER_TOKEN = 3
_LEAST_WINDOW = 16
_Vectors = NDArray[np.float32]
Spans = list[tuple[int, int]]


class Api(Protocol):
    """What one kind of server is asked, and how.

    Attributes:
        kind: Its name, for a person.
        window: The tokens of a text that its model reads, special tokens included.
        most_texts: How many texts it embeds at once.
        most_spans: Of how many texts it says the tokens at once.
    """

    kind: str
    window: int
    most_texts: int
    most_spans: int

    def embed(self, texts: Sequence[str], *, hurry: bool = False) -> list[list[float]]:
        """The vectors of texts, in their order; what is behind the window is cut. For `hurry` see `EmbeddingHttp.ask`."""
        ...

    def spans(self, texts: Sequence[str]) -> list[Spans]:
        """The character spans of the model's tokens for each text.

        Raises:
            Refused: The server cannot say.
        """
        ...


def open_server(model: str, settings: Settings) -> "ServerEmbedder":
    """The embedder for a model of the configured server, once the server has shown that it has it.

    Raises:
        InvalidSettings: The server does not have the model, does not let us in, or speaks something else.
        ServiceUnavailable: It does not answer.
    """
    from resources.embedding.openai_api import OpenAiApi
    from resources.embedding.tei_api import TeiApi

    http = EmbeddingHttp(settings)
    api: Api = TeiApi(http, model, settings) if settings.embedding_api == "tei" else OpenAiApi(http, model, settings)
    return ServerEmbedder(model, api, configured_prompts(settings))


class ServerEmbedder:
    """Embeds by a server: several batches in flight, each bounded in texts and tokens, every answer checked.

    Args:
        model: The model's name.
        api: What the server speaks.
        prompts: What stands before queries and passages.
    """

    is_remote = True

    def __init__(self, model: str, api: Api, prompts: Prompts) -> None:
        self.model = model
        self.kind = api.kind
        self._api = api
        self._prompts = prompts
        self._pool = ThreadPoolExecutor(_IN_FLIGHT, "embedding")
        self._asks_spans = self._says_spans()
        whole = api.window if self._asks_spans else int(api.window * SHARE)
        self.window = whole - len(self.token_spans([prompts.passage])[0])
        if self.window < _LEAST_WINDOW:
            raise InvalidSettings(f"The passages' prompt leaves no room in the model's window of {api.window} tokens.")
        self.dimension = 0
        self.dimension = self._asked(["Is this a text?"]).shape[1]

    def encode(self, texts: Sequence[str]) -> _Vectors:
        """See `Embedder.encode`."""
        return self._encode(texts, self._prompts.passage)

    def encode_queries(self, texts: Sequence[str]) -> _Vectors:
        """See `Embedder.encode_queries`."""
        return self._encode(texts, self._prompts.query, hurry=True)

    def token_spans(self, texts: Sequence[str]) -> list[Spans]:
        """See `Embedder.token_spans`; estimated, rather too many, where the server has no way to ask for them."""
        if not self._asks_spans:
            return [estimated_spans(text) for text in texts]
        spans: list[Spans] = [[] for _ in texts]
        asked = [place for place, text in enumerate(texts) if text.strip()]
        parts = [asked[start : start + self._api.most_spans] for start in range(0, len(asked), self._api.most_spans)]
        answers = self._pool.map(lambda part: self._spans([texts[place] for place in part]), parts)
        for part, found in zip(parts, answers, strict=True):
            for place, own in zip(part, found, strict=True):
                spans[place] = own
        return spans

    def _spans(self, texts: list[str]) -> list[Spans]:
        try:
            found = self._api.spans([_sent(text) for text in texts])
        except Refused as error:
            raise unavailable(f"says no more where tokens end ({error})") from error
        if len(found) != len(texts):
            raise unavailable(f"says the tokens of {len(found)} texts, asked for {len(texts)}")
        return found

    def _says_spans(self) -> bool:
        try:
            return len(self._api.spans(["Where does a token end?"])[0]) > 3
        except (Refused, IndexError):
            return False

    def _encode(self, texts: Sequence[str], prompt: str, *, hurry: bool = False) -> _Vectors:
        # A server may refuse an empty text; a space has no tokens either. NUL ends texts in more than one server.
        given = [(prompt + _sent(text)).strip() or "." for text in texts]
        vectors = np.empty((len(given), self.dimension), np.float32)
        rows = list(self._batches(given))
        answers = self._pool.map(lambda own: self._asked([given[row] for row in own], hurry=hurry), rows)
        for own, found in zip(rows, answers, strict=True):
            vectors[own] = found
        return vectors

    def _batches(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """Places of texts of like length, since servers pad too."""
        held: list[int] = []
        most = _BATCH_TOKENS * _CHARACTERS_PER_TOKEN
        for place in sorted(range(len(texts)), key=lambda place: len(texts[place]), reverse=True):
            # the longest comes first, so it is what the batch is padded to
            if held and (len(held) == self._api.most_texts or (len(held) + 1) * self._size(texts[held[0]]) > most):
                yield held
                held = []
            held.append(place)
        if held:
            yield held

    def _size(self, text: str) -> int:
        return min(len(text), self._api.window * _CHARACTERS_PER_TOKEN) + 1

    def _asked(self, texts: list[str], *, hurry: bool = False) -> _Vectors:
        """The vectors of one batch, checked.

        Raises:
            ServiceUnavailable: What the server gave are no vectors of these texts.
        """
        try:
            found = np.array(self._api.embed(texts, hurry=hurry), np.float32)
        except (ValueError, TypeError) as error:
            raise unavailable("gives vectors of different lengths, or of something else than numbers") from error
        if found.ndim != 2 or len(found) != len(texts):
            raise unavailable(f"gives {len(found)} vectors for {len(texts)} texts")
        if self.dimension and found.shape[1] != self.dimension:
            raise unavailable(f"gives vectors of {found.shape[1]} numbers now, and {self.dimension} before")
        if not np.isfinite(found).all() or not found.any(axis=1).all():
            raise unavailable("gives vectors with numbers that are none, or with nothing but zeros")
        return of_unit_length(found)


def _sent(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")
