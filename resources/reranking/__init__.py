"""Rerankers: models that read query and text together, and the stage that gives them a bounded time to do so."""

from resources.reranking.protocol import OutOfTime, Reranker
from resources.settings import Settings

__all__ = ["OutOfTime", "Reranker", "open_reranker"]


def open_reranker(settings: Settings) -> Reranker | None:
    """The configured reranker: a server, a model on this machine (loading it takes some 15 s), or None.

    Raises:
        InvalidSettings: The model is not there or could run code, or the address is none.
    """
    if settings.reranker_url:
        from resources.reranking.server import ServerReranker

        return ServerReranker(settings)
    if settings.reranker_model:
        from resources.reranking.cross_encoder import CrossEncoderReranker

        return CrossEncoderReranker(settings.reranker_model, settings.device)
    return None
