"""Search and answers over the platform's parts, each opened when it is first needed."""

from collections.abc import Callable

from resources.cache import Layers
from resources.embedding import Embedder
from resources.platform import Platform
from resources.retrieval.answer import Answerer
from resources.retrieval.search import Retriever


def open_retriever(platform: Platform, embedder_of: Callable[[str], Embedder] | None = None) -> Retriever:
    """What searches the platform's spaces.

    Args:
        platform: The parts, in the role `api`.
        embedder_of: Gives the embedder of a model by its name; by default the platform opens it and the search waits.

    Raises:
        ServiceUnavailable: The database does not answer.
    """
    layers = Layers.of(platform.settings)
    return Retriever(
        platform.enter,
        embedder_of or platform.embedder_of,
        platform.lexical,
        reranking=platform.reranker,
        glance=platform.glance,
        layers=layers,
    )


def open_answerer(platform: Platform) -> Answerer:
    """What answers questions from the platform's spaces.

    Raises:
        ServiceUnavailable: The database does not answer.
    """
    return Answerer(open_retriever(platform))
