"""text-embeddings-inference: `/embed`, `/info` and `/tokenize`."""

from collections.abc import Sequence
from typing import Any

from resources.embedding.server_http import EmbeddingHttp, Refused, unavailable
from resources.errors import InvalidSettings
from resources.settings import Settings


class TeiApi:
    """A server of text-embeddings-inference, which serves one model and says which.

    Args:
        http: The server.
        model: The model that it must serve.
        settings: With the window, if it is to be smaller than the server's.

    Raises:
        InvalidSettings: It serves another model, or is no such server.
    """

    def __init__(self, http: EmbeddingHttp, model: str, settings: Settings) -> None:
        self._http = http
        self.kind = f"a server ({http.base})"
        try:
            facts = http.ask("GET", f"{http.base}/info")
            served, window = str(facts["model_id"]), int(facts["max_input_length"])
            self.most_texts = self.most_spans = int(facts.get("max_client_batch_size") or 32)
        except (Refused, KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidSettings(
                "RAGE_EMBEDDING_URL is no server of text-embeddings-inference: its /info says nothing of a model.",
                hint="Check the address, or set RAGE_EMBEDDING_API=openai.",
            ) from error
        if model not in (served, served.rpartition("/")[2]):
            raise InvalidSettings(
                f"The embedding server serves {served}, and not {model}.", hint=f"Set RAGE_EMBEDDING_MODEL={served}."
            )
        self.window = min(window, settings.embedding_window or window)

    def embed(self, texts: Sequence[str], *, hurry: bool = False) -> list[list[float]]:
        """See `Api.embed`."""
        answer = self._ask("embed", {"inputs": list(texts), "normalize": True, "truncate": True}, hurry=hurry)
        if not isinstance(answer, list):
            raise unavailable("answers in another shape than /embed")
        return answer

    def spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """See `Api.spans`."""
        body = {"inputs": list(texts), "add_special_tokens": False}
        answer = self._http.ask("POST", f"{self._http.base}/tokenize", body)
        try:
            return [_spans(text, tokens) for text, tokens in zip(texts, answer, strict=True)]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Refused(200, "/tokenize gives no places") from error

    def _ask(self, path: str, body: Any, *, hurry: bool) -> Any:
        try:
            return self._http.ask("POST", f"{self._http.base}/{path}", body, hurry=hurry)
        except Refused as error:
            if error.status == 404:
                raise InvalidSettings(f"The embedding server has no /{path}.", hint="Check RAGE_EMBEDDING_API.") from error
            raise unavailable(f"refuses what it is asked ({error})") from error


def _spans(text: str, tokens: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """The places of tokens in characters. Some versions count bytes, which shows by the last token's end."""
    spans = [(int(token["start"]), int(token["stop"])) for token in tokens if not token.get("special")]
    if spans and not text.isascii() and max(stop for _, stop in spans) > len(text.rstrip()):
        places = _characters(text)
        last = len(places) - 1
        spans = [(places[min(start, last)], places[min(stop, last)]) for start, stop in spans]
    return spans


def _characters(text: str) -> list[int]:
    """For each place in the UTF-8 of a text, and its end, the place of its character."""
    places = [place for place, character in enumerate(text) for _ in character.encode("utf-8", "replace")]
    return [*places, len(text)]
