"""A converted model on OpenVINO: the default on a CPU."""

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resources.embedding.batches import batches, of_unit_length, padded
from resources.embedding.cores import cores
from resources.embedding.prompts import NONE, Prompts
from resources.embedding.tokens import Tokens

# Rows × tokens of one inference. Measured on two cores: smaller starves them, larger leaves their cache.
_BATCH_TOKENS = 4096
# Inferences side by side, a core for each up to so many, instead of cores that share one and wait for each other at every
# step. Measured on two busy cores: batches 1.3 times as fast, single queries 4 times and at a third of the CPU's time.
_MOST_SIDE_BY_SIDE = 8
# What OpenVINO's binding sets up when it first sees an array stops for ever where two threads are the first.
_FIRST = threading.Lock()
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

    is_remote = False

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
        side_by_side = min(cores(), _MOST_SIDE_BY_SIDE)
        options = OPTIONS[form] | {
            "NUM_STREAMS": side_by_side,
            "INFERENCE_NUM_THREADS": cores(),
            "CACHE_DIR": str(folder / "cache"),
            "CACHE_MODE": "OPTIMIZE_SIZE",  # without the weights, which lie beside it
        }
        compiled = openvino.Core().compile_model(folder / f"{form}.xml", "CPU", options)
        self._idle: SimpleQueue[Any] = SimpleQueue()
        for _ in range(side_by_side):
            self._idle.put(compiled.create_infer_request())
        self._threads = ThreadPoolExecutor(side_by_side, "embedding")
        with _FIRST:
            self._encode(["first"], "")

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
            made = list(batches([len(each) for each in ids], _BATCH_TOKENS, self._tokens.window))
            given = (padded(ids, each, self._pad) for each in made)
            found = self._threads.map(self._infer, given) if len(made) > 1 else map(self._infer, given)
            for each, those in zip(made, found, strict=True):
                vectors[[start + row for row in each.rows]] = those
        return of_unit_length(vectors)

    def _infer(self, given: dict[str, NDArray[np.int64]]) -> NDArray[np.float32]:
        request = self._idle.get()  # for a batch only, so that a query need not wait for all of them
        try:
            found: NDArray[np.float32] = request.infer([given[name] for name in self._inputs])[0].copy()
        finally:
            self._idle.put(request)
        return found
