"""What servers with `/rerank` are asked, and how they answer."""

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

Shape = Literal["tei", "cohere"]


class Dialect(NamedTuple):
    """Where a server is asked, and in which shape: text-embeddings-inference's, or Cohere's, which Jina and vLLM share."""

    url: str
    shape: Shape


def dialects(url: str) -> list[Dialect]:
    """What a server at `url` may speak, the likeliest first; an address that ends in /rerank is taken as it is."""
    url = url.rstrip("/")
    if url.endswith(("/v1/rerank", "/v2/rerank")):
        return [Dialect(url, "cohere")]
    if url.endswith("/rerank"):
        return [Dialect(url, "tei"), Dialect(url, "cohere")]
    if url.endswith(("/v1", "/v2")):
        return [Dialect(f"{url}/rerank", "cohere")]
    return [Dialect(f"{url}/rerank", "tei"), Dialect(f"{url}/rerank", "cohere"), Dialect(f"{url}/v1/rerank", "cohere")]


def question(shape: Shape, model: str | None, query: str, texts: Sequence[str]) -> dict[str, Any]:
    """The body of a request."""
    if shape == "tei":
        return {"query": query, "texts": list(texts), "truncate": True}
    named = {"model": model} if model else {}
    return {**named, "query": query, "documents": list(texts), "top_n": len(texts), "return_documents": False}


def read_answer(shape: Shape, answer: Any, count: int) -> list[float] | None:
    """The scores of an answer in the order of the texts; None where it does not tell a number for each of them."""
    items = answer if shape == "tei" else answer.get("results") if isinstance(answer, dict) else None
    key = "score" if shape == "tei" else "relevance_score"
    if not isinstance(items, list):
        return None
    scores: dict[int, float] = {}
    for item in items:
        index, score = (item.get("index"), item.get(key)) if isinstance(item, dict) else (None, None)
        if type(index) is not int or not isinstance(score, int | float) or not math.isfinite(score):
            return None
        scores[index] = float(score)
    return [scores[index] for index in range(count)] if scores.keys() == set(range(count)) else None
