"""Embedders: text to vectors of unit length."""

from pathlib import Path

from resources.embedding.protocol import Embedder
from resources.settings import Settings

__all__ = ["Embedder", "kind_of", "open_embedder"]

_DRIVER = Path("/proc/driver/nvidia/version")


def open_embedder(model: str, settings: Settings) -> Embedder:
    """The embedder for `model`: a folder or a packaged model here, or by its name on the server that is configured.

    On a CPU it is the converted model, made on first use (some 20 s); torch where the conversion does not serve.

    Raises:
        InvalidSettings: There is no such model, its files could run code, or the server does not know it.
        ServiceUnavailable: The server does not answer.
    """
    from resources.embedding.model_files import is_here, model_folder
    from resources.embedding.prompts import configured_prompts, pools_prompts, prompts_of

    if settings.embedding_url and (model == settings.embedding_model or not is_here(model)):
        from resources.embedding.servers import open_server

        return open_server(model, settings)

    from resources.embedding.convert import ensure_converted

    source = model_folder(model)
    prompts = prompts_of(source, configured_prompts(settings))
    folder = None
    device = "cuda" if settings.device == "cuda" or (settings.device == "auto" and _has_gpu()) else "cpu"
    if device == "cpu" and (pools_prompts(source) or not any(prompts)):  # the graph cannot leave prompts out
        folder = ensure_converted(settings.home, model)
    if folder is not None:
        from resources.embedding.openvino import OpenVinoEmbedder

        return OpenVinoEmbedder(model, folder, prompts)
    from resources.embedding.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(model, device, prompts)


def kind_of(embedder: Embedder) -> str:
    """What computes the vectors, for a person: the library and its form, or the server."""
    return str(getattr(embedder, "kind", type(embedder).__name__))


def _has_gpu() -> bool:
    """Whether this process may use a GPU: a container, or `CUDA_VISIBLE_DEVICES`, may keep one from it."""
    if not _DRIVER.exists():  # torch would take seconds to say so
        return False
    import torch

    return bool(torch.cuda.is_available())
