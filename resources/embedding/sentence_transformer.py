"""Any sentence-transformers model on torch: the reference, the way onto a GPU, and what a conversion falls back to."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resources.embedding.batches import Batch, batches, of_unit_length, padded
from resources.embedding.memory import Budget, per_token_bytes
from resources.embedding.model_files import check_weights, model_folder
from resources.embedding.prompts import NONE, Prompts
from resources.embedding.tokens import Tokens
from resources.errors import InvalidSettings

__all__ = ["SentenceTransformerEmbedder", "check_weights", "load_model", "model_folder"]

_CPU_BATCH_TOKENS = 4096
_TEXTS_AT_ONCE = 2048
_LONGEST_WINDOW = 8192
_Vectors = NDArray[np.float32]


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
    """Embeds with torch: in full precision on a CPU, in half on a GPU, where batches are as large as its memory allows.

    Args:
        model: Its name.
        device: auto, cpu or cuda.
        prompts: What stands before queries and passages.
    """

    is_remote = False

    def __init__(self, model: str, device: str = "auto", prompts: Prompts = NONE) -> None:
        import torch

        self.model = model
        self.module = load_model(model, device).eval()
        self._prompts = prompts
        backend = getattr(self.module.tokenizer, "backend_tokenizer", None)
        if backend is None:
            raise InvalidSettings(f"The model {model} has no tokenizer.json, without which texts cannot be cut to fit it.")
        self.dimension: int = self.module.get_embedding_dimension()
        self.model_window = _window(self.module)
        self._tokens = Tokens(backend.to_str(), self.model_window, prompts)
        self._pad: int = self.module.tokenizer.pad_token_id or 0
        self._names = set(self.module.tokenizer.model_input_names)
        self.window = self._tokens.left_for_text(prompts.passage)
        self._lock = threading.Lock()
        self.module.float()
        if self.module.device.type == "cuda":
            self._halve()
            free, _ = torch.cuda.mem_get_info(self.module.device)
            config = getattr(self.module[0], "config", None)
            self._budget = Budget.of_memory(free, per_token_bytes(config), self.model_window)
        else:
            self._budget = Budget(_CPU_BATCH_TOKENS, self.model_window)
        self.kind = f"torch, {self.module.device.type}, {str(next(self.module.parameters()).dtype).removeprefix('torch.')}"

    def encode(self, texts: Sequence[str]) -> _Vectors:
        """See `Embedder.encode`."""
        return self._encode(texts, self._prompts.passage)

    def encode_queries(self, texts: Sequence[str]) -> _Vectors:
        """See `Embedder.encode_queries`."""
        return self._encode(texts, self._prompts.query)

    def token_spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """See `Embedder.token_spans`."""
        return self._tokens.spans(texts)

    def _halve(self) -> None:
        """Half precision; bfloat16 for models whose numbers leave the range of float16, whose vectors then are none."""
        self.module.half()
        ids = self._tokens.ids(["Is this a number?"])
        if not np.isfinite(self._encode_batch(ids, Batch([0], len(ids[0])), 0)).all():
            # anew, since what left the range does not come back
            self.module = load_model(self.model, self.module.device.type).eval().bfloat16()

    def _encode(self, texts: Sequence[str], prompt: str) -> _Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        skipped = self._prompt_tokens(prompt)
        # Texts of like length come together, so that a batch of the next chunk is not padded either.
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]), reverse=True)
        for places, ids in self._tokenised(texts, order, prompt):
            for batch, found in self._computed(ids, skipped):
                vectors[[places[row] for row in batch.rows]] = found
        return of_unit_length(vectors)

    def _tokenised(
        self, texts: Sequence[str], order: Sequence[int], prompt: str
    ) -> Iterator[tuple[Sequence[int], list[list[int]]]]:
        """Chunks of the texts' places with their tokens; the next one is tokenised while this one is computed."""
        chunks = [order[start : start + _TEXTS_AT_ONCE] for start in range(0, len(order), _TEXTS_AT_ONCE)]
        if not chunks:
            return
        with ThreadPoolExecutor(1, "tokenise") as pool:
            coming = pool.submit(self._tokens.ids, [texts[place] for place in chunks[0]], prompt)
            for chunk, following in zip(chunks, [*chunks[1:], None], strict=True):
                ids = coming.result()
                if following:
                    coming = pool.submit(self._tokens.ids, [texts[place] for place in following], prompt)
                yield chunk, ids

    def _computed(self, ids: list[list[int]], skipped: int) -> Iterator[tuple[Batch, _Vectors]]:
        """The batches with their vectors. What does not fit the memory is computed in halves, from then on."""
        import torch

        waiting = list(range(len(ids)))
        while waiting:
            tried = self._budget.tokens
            done: set[int] = set()
            try:
                for batch in batches([len(ids[row]) for row in waiting], tried, self.model_window):
                    own = Batch([waiting[row] for row in batch.rows], batch.width)
                    with self._lock:
                        found = self._encode_batch(ids, own, skipped)
                    done.update(own.rows)
                    yield own, found
            except torch.OutOfMemoryError:
                if self.module.device.type == "cuda":
                    torch.cuda.empty_cache()
                self._budget.halve(tried)
            waiting = [row for row in waiting if row not in done]

    def _encode_batch(self, ids: Sequence[Sequence[int]], batch: Batch, skipped: int) -> _Vectors:
        import torch

        features: dict[str, Any] = {
            name: torch.from_numpy(numbers).to(self.module.device, non_blocking=True)
            for name, numbers in padded(ids, batch, self._pad).items()
            if name in self._names
        }
        if skipped:
            features["prompt_length"] = skipped
        with torch.inference_mode():
            found = self.module(features)["sentence_embedding"]
            vectors: _Vectors = found.float().cpu().numpy()
        return vectors

    def _prompt_tokens(self, prompt: str) -> int:
        """The tokens of a prompt that the pooling leaves out, for models that want it so."""
        if not prompt or all(getattr(part, "include_prompt", True) for part in self.module):
            return 0
        ids = self._tokens.ids([""], prompt)[0]
        return len(ids) - (ids[-1] in self.module.tokenizer.all_special_ids)


def _window(module: Any) -> int:
    """The tokens that a model reads: as configured, but no more than it has places for."""
    config = getattr(module[0], "config", None)
    places = getattr(config, "max_position_embeddings", None)
    given = module.max_seq_length
    if places and (not given or given > places):
        given = places - 2  # it has no limit of its own; some models keep the first two places for padding
    return min(int(given or _LONGEST_WINDOW), _LONGEST_WINDOW)
