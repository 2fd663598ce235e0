"""A converted model on OpenVINO: the default on a CPU."""

import json
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# Rows × tokens of one inference. Measured on two cores: smaller starves them, larger leaves their cache.
_BATCH_TOKENS = 4096
# Lengths are rounded up to a multiple of this, so that few shapes need kernels of their own.
_LENGTH_STEP = 8


class OpenVinoEmbedder:
    """Embeds with a model that `resources.embedding.convert` made; starts in half a second, without torch."""

    def __init__(self, model: str, folder: Path) -> None:
        import openvino
        from tokenizers import Tokenizer

        meta = json.loads((folder / "meta.json").read_text())
        self.model = model
        self.dimension: int = meta["dimension"]
        self.window: int = meta["window"]
        self._inputs: list[str] = meta["inputs"]
        self._spans = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(self.window)
        # its real path: the cache tells models apart by it, and homes may share one folder of models
        real = folder.resolve()
        compiled = openvino.Core().compile_model(
            real / "model.xml", "CPU", {"PERFORMANCE_HINT": "LATENCY", "CACHE_DIR": str(real / "cache")}
        )
        self._request = compiled.create_infer_request()
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Embedder.encode`. Texts of like length share a batch, so that little is padding."""
        encodings = self._tokenizer.encode_batch(list(texts))
        lengths = [len(encoding.ids) for encoding in encodings]
        order = sorted(range(len(texts)), key=lengths.__getitem__, reverse=True)
        vectors = np.empty((len(texts), self.dimension), np.float32)
        start = 0
        with self._lock:
            while start < len(order):
                width = -(-lengths[order[start]] // _LENGTH_STEP) * _LENGTH_STEP
                rows = order[start : start + max(1, _BATCH_TOKENS // width)]
                ids = np.zeros((len(rows), width), np.int64)
                mask = np.zeros((len(rows), width), np.int64)
                for row, index in enumerate(rows):
                    ids[row, : lengths[index]] = encodings[index].ids
                    mask[row, : lengths[index]] = 1
                known = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
                output = self._request.infer([known[name] for name in self._inputs])
                vectors[rows] = output[0]
                start += len(rows)
        return vectors

    def token_spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """See `Embedder.token_spans`."""
        return [e.offsets for e in self._spans.encode_batch(list(texts), add_special_tokens=False)]
