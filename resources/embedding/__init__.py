"""Embedders: text to vectors of unit length."""

from pathlib import Path

from resources.embedding.protocol import Embedder

__all__ = ["Embedder", "open_embedder"]


def open_embedder(model: str, device: str, home: Path) -> Embedder:
    """The embedder for `model` on `device` (auto, cpu or cuda).

    On a CPU it is the converted model, made on first use (some 20 s); torch where the conversion does not serve.
    """
    from resources.embedding.convert import ensure_converted
    from resources.embedding.sentence_transformer import SentenceTransformerEmbedder

    if device == "cuda" or (device == "auto" and _has_gpu()):
        return SentenceTransformerEmbedder(model, "cuda")
    folder = ensure_converted(home, model)
    if folder is None:
        return SentenceTransformerEmbedder(model, "cpu")
    from resources.embedding.openvino import OpenVinoEmbedder

    return OpenVinoEmbedder(model, folder)


def _has_gpu() -> bool:
    return Path("/proc/driver/nvidia/version").exists()  # torch would take seconds to say so
