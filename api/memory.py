"""Search and answers over the platform's parts, each opened when it is first needed."""

from typing import Any, cast

from resources.embedding import Embedder
from resources.platform import Platform
from resources.retrieval.answer import Answerer
from resources.retrieval.search import Retriever


class LateEmbedder:
    """The platform's embedder, loaded by its first use: without it, searches still find words, and say so.

    Args:
        platform: Whose embedder.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.model = platform.settings.embedding_model

    def __getattr__(self, name: str) -> Any:
        """Loads the embedder for whatever else is asked of it."""
        return getattr(self._platform.embedder, name)


def open_retriever(platform: Platform) -> Retriever:
    """What searches the platform's spaces.

    Raises:
        ServiceUnavailable: The database does not answer.
    """
    return Retriever(platform.enter, cast(Embedder, LateEmbedder(platform)), platform.lexical)


def open_answerer(platform: Platform) -> Answerer:
    """What answers questions from the platform's spaces.

    Raises:
        ServiceUnavailable: The database does not answer.
    """
    return Answerer(open_retriever(platform))
