"""A converted model on OpenVINO: the default on a CPU."""

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resources.embedding.batches import batches, of_unit_length, padded
from resources.embedding.cores import cores
from resources.embedding.prompts import NONE, Prompts
from resources.embedding.tokens import Tokens

# Rows × tokens of one inference. Measured on two cores: smaller starves them, larger leaves their cache.
_BATCH_TOKENS = 4096
# Texts that are tokenised together: what their tokens take stays small, however many texts there are.
_TEXTS_AT_ONCE = 4096
# Weights of 8 bits are multiplied with 8 bits too, each group of them with a scale of its own; what has no such weights
# is computed as precisely as the processor does fast (bfloat16 where it has AMX).
OPTIONS: dict[str, dict[str, Any]] = {
    "exact": {},
    "int8": {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": 128},
}


class OpenVinoEmbedder:
    """Embeds with a model that `resources.embedding.convert` made; starts in half a second, without torch.

    Args:
        model: Its name.
        folder: The conversion.
        prompts: What stands before queries and passages.
        form: Which of the conversion's forms; by default the one that was chosen when it was made.
    """

    def __init__(self, model: str, folder: Path, prompts: Prompts = NONE, form: str = "") -> None:
        import openvino

        # One place, whatever link led to it: OpenVINO keeps what it compiled under the name of the place.
        folder = folder.resolve()
        meta = json.loads((folder / "meta.json").read_text())
        form = form or meta["form"]
        self.model = model
        self.kind = f"OpenVINO, {form}"
        self.dimension: int = meta["dimension"]
        self._prompts = prompts
        self._inputs: list[str] = meta["inputs"]
        self._pad: int = meta["pad"]
        self._tokens = Tokens((folder / "tokenizer.json").read_text("utf-8"), meta["window"], prompts)
        self.window = self._tokens.left_for_text(prompts.passage)
        options = OPTIONS[form] | {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": cores(),
            "CACHE_DIR": str(folder / "cache"),
            "CACHE_MODE": "OPTIMIZE_SIZE",  # without the weights, which lie beside it
        }
        compiled = openvino.Core().compile_model(folder / f"{form}.xml", "CPU", options)
        self._request = compiled.create_infer_request()
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Embedder.encode`. Texts of like length share a batch, so that little is padding."""
        return self._encode(texts, self._prompts.passage)

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Embedder.encode_queries`."""
        return self._encode(texts, self._prompts.query)

    def token_spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """See `Embedder.token_spans`."""
        return self._tokens.spans(texts)

    def _encode(self, texts: Sequence[str], prompt: str) -> NDArray[np.float32]:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            ids = self._tokens.ids(texts[start : start + _TEXTS_AT_ONCE], prompt)
            for batch in batches([len(each) for each in ids], _BATCH_TOKENS, self._tokens.window):
                given = padded(ids, batch, self._pad)
                with self._lock:  # for each batch, so that a query need not wait for all of them
                    vectors[[start + row for row in batch.rows]] = self._request.infer(
                        [given[name] for name in self._inputs]
                    )[0]
        return of_unit_length(vectors)
