"""Any sentence-transformers `CrossEncoder`, from a folder on this machine, on torch."""

import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resources.embedding.sentence_transformer import check_weights
from resources.errors import InvalidSettings, ServiceUnavailable
from resources.reranking.protocol import OutOfTime

# Pairs between two looks at the clock: on a CPU some 100 ms with a small model, on a GPU a few.
_BATCH_CPU, _BATCH_GPU = 4, 32
_MOST_CHARACTERS = 20_000  # no model reads more, and tokenising it would cost time


def model_folder(name: str) -> Path:
    """The folder of a cross-encoder.

    Raises:
        InvalidSettings: There is none, or its files could run code.
    """
    folder = Path(name).expanduser()
    if not (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
        raise InvalidSettings(
            f"RAGE_RERANKER_MODEL={name} is no folder with a sentence-transformers CrossEncoder.",
            hint="Give the path of a folder that holds config.json and model.safetensors.",
        )
    try:
        if (folder / "modules.json").is_file():
            check_weights(folder)
        else:
            _check_bare(folder)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InvalidSettings(f"The reranker in {folder} has a broken configuration: {error}.") from error
    return folder


def _check_bare(folder: Path) -> None:
    """A model without modules.json: the weights lie beside its configuration."""
    json.loads((folder / "config.json").read_text("utf-8"))
    if not any(folder.glob("*.safetensors")):
        raise InvalidSettings(
            f"The reranker in {folder} has no weights in safetensors; others can run code.",
            hint="Take its version in safetensors, or convert it on a machine where that does no harm.",
        )


class CrossEncoderReranker:
    """Scores pairs with torch; half precision on a GPU.

    Args:
        model: The model's folder.
        device: auto, cpu or cuda.

    Raises:
        InvalidSettings: There is no such model, its files could run code, or it does not score pairs.
    """

    parallel = 1  # a second caller would take from the first one's cores

    def __init__(self, model: str, device: str = "auto") -> None:
        folder = model_folder(model)
        import torch
        from sentence_transformers import CrossEncoder

        self.name = model
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            self._model: Any = CrossEncoder(
                str(folder),
                device=device,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
                activation_fn=torch.nn.Identity(),
            )
        except Exception as error:  # whatever a broken folder makes the library raise
            raise InvalidSettings(f"The reranker in {folder} cannot be loaded: {error}.") from error
        if self._model.num_labels not in (1, 2):
            raise InvalidSettings(
                f"The model in {folder} tells {self._model.num_labels} classes apart and is no reranker.",
                hint="Choose a CrossEncoder with one score, or with the classes no and yes.",
            )
        on_gpu = self._model.device.type == "cuda"
        if on_gpu and next(self._model.parameters()).dtype == torch.float32:
            self._model.half()
        self._batch = _BATCH_GPU if on_gpu else _BATCH_CPU
        self._lock = threading.Lock()

    def score(self, query: str, texts: Sequence[str], deadline: float) -> NDArray[np.float64]:
        """See `Reranker.score`."""
        scores = np.empty(len(texts), np.float64)
        query = query[:_MOST_CHARACTERS]
        with self._lock:
            for start in range(0, len(texts), self._batch):
                if time.monotonic() >= deadline:
                    raise OutOfTime(done=start)
                pairs = [(query, text[:_MOST_CHARACTERS]) for text in texts[start : start + self._batch]]
                scores[start : start + len(pairs)] = self._probabilities(pairs)
        return scores

    def close(self) -> None:
        """See `Reranker.close`."""

    def _probabilities(self, pairs: list[tuple[str, str]]) -> NDArray[np.float64]:
        """The logits as 0–1, made in double precision: half would not tell two good texts apart."""
        try:
            logits = np.asarray(
                self._model.predict(pairs, batch_size=len(pairs), show_progress_bar=False, convert_to_tensor=True)
                .float()
                .cpu()
                .numpy(),
                np.float64,
            )
        except Exception as error:  # out of memory, a device that is gone
            raise ServiceUnavailable(f"The reranker does not work: {error}.") from error
        if logits.ndim == 2:
            logits = logits[:, -1] - logits[:, 0] if logits.shape[1] == 2 else logits[:, 0]
        if not np.isfinite(logits).all():
            raise ServiceUnavailable("The reranker gives scores that are no numbers.")
        return sigmoid(logits)


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logits as 0–1."""
    scores: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(logits, -500, 500)))
    return scores
