"""OpenAI's `/v1/embeddings`, and vLLM's `/tokenize` beside it where there is one."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from resources.embedding.server_http import EmbeddingHttp, Refused, unavailable
from resources.embedding.spans import spans_of_pieces
from resources.errors import InvalidSettings
from resources.settings import Settings

_WINDOW = 512
_MOST_TEXTS = 64
_SHORTER = 0.7


class OpenAiApi:
    """A server that speaks OpenAI's protocol. Its window is a setting, or what it says of its model (vLLM), or 512.

    Args:
        http: The server.
        model: The model by the server's name.
        settings: With the window.
    """

    most_texts = _MOST_TEXTS
    most_spans = 1  # vLLM takes one text at a time

    def __init__(self, http: EmbeddingHttp, model: str, settings: Settings) -> None:
        self._http = http
        self._model = model
        base = http.base.removesuffix("/embeddings")
        self._base = base if base.endswith("/v1") else f"{base}/v1"
        self._root = self._base.removesuffix("/v1")
        self.kind = f"a server ({self._base})"
        self.window = settings.embedding_window or self._said_window() or _WINDOW

    def embed(self, texts: Sequence[str], *, hurry: bool = False) -> list[list[float]]:
        """See `Api.embed`. This protocol knows no cutting, so texts that the server finds too long are cut here."""
        try:
            return self._embed(texts, hurry=hurry)
        except Refused as error:
            if error.status in (400, 413, 422) and any(word in error.said.lower() for word in ("long", "length", "maximum")):
                longest = max(map(len, texts))
                if longest > 1:
                    most = min(int(longest * _SHORTER), self.window * 8)
                    return self.embed([text[: max(1, most)] for text in texts], hurry=hurry)
            if error.status == 200:
                raise unavailable("answers without JSON") from error
            raise self._wrong(error) from error

    def spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """See `Api.spans`."""
        return [self._spans(text) for text in texts]

    def _spans(self, text: str) -> list[tuple[int, int]]:
        body = {"model": self._model, "prompt": text, "add_special_tokens": False, "return_token_strs": True}
        answer = self._http.ask("POST", f"{self._root}/tokenize", body)
        pieces = answer.get("token_strs") if isinstance(answer, dict) else None
        spans = spans_of_pieces(text, pieces) if isinstance(pieces, list) else None
        if spans is None:
            raise Refused(200, "/tokenize gives no tokens")
        return spans

    def _embed(self, texts: Sequence[str], *, hurry: bool) -> list[list[float]]:
        body = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        answer = self._http.ask("POST", f"{self._base}/embeddings", body, hurry=hurry)
        try:
            rows = sorted(answer["data"], key=lambda row: int(row["index"]))
            if [row["index"] for row in rows] != list(range(len(texts))):
                raise unavailable(f"gives {len(rows)} vectors for {len(texts)} texts")
            return [_vector(row["embedding"]) for row in rows]
        except (KeyError, TypeError, ValueError) as error:
            raise unavailable("answers in another shape than /v1/embeddings") from error

    def _said_window(self) -> int | None:
        try:
            answer = self._http.ask("GET", f"{self._base}/models")
            rows = [row for row in answer["data"] if row.get("id") == self._model]
            return int(rows[0]["max_model_len"])
        except (Refused, KeyError, TypeError, ValueError, IndexError, AttributeError):
            return None

    def _wrong(self, error: Refused) -> InvalidSettings:
        return InvalidSettings(
            f"The embedding server refuses the model {self._model} or what it is asked: {error}",
            hint="Check RAGE_EMBEDDING_MODEL, RAGE_EMBEDDING_URL, RAGE_EMBEDDING_API and RAGE_EMBEDDING_WINDOW.",
        )


def _vector(given: Any) -> list[float]:
    """Numbers as JSON, or as the base64 of float32 that some servers give whatever they are asked for."""
    if isinstance(given, str):
        numbers: list[float] = np.frombuffer(base64.b64decode(given, validate=True), "<f4").tolist()
        return numbers
    return list(given)
