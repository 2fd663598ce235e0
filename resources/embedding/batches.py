"""Batches of texts of like length, so that little of what is computed is padding."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Lengths are rounded up to a multiple of this, so that few shapes need kernels of their own.
_LENGTH_STEP = 8


class Batch(NamedTuple):
    """Texts that are computed together.

    Attributes:
        rows: Their places among all texts.
        width: The tokens of the longest, rounded up.
    """

    rows: list[int]
    width: int


def batches(lengths: Sequence[int], most_tokens: int, window: int) -> Iterator[Batch]:
    """Texts in batches of at most `most_tokens` with padding, the longest first; a longer text has a batch of its own."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
    start = 0
    while start < len(order):
        width = max(1, min(-(-lengths[order[start]] // _LENGTH_STEP) * _LENGTH_STEP, window))
        rows = order[start : start + max(1, most_tokens // width)]
        yield Batch(rows, width)
        start += len(rows)


def padded(ids: Sequence[Sequence[int]], batch: Batch, pad: int) -> dict[str, NDArray[np.int64]]:
    """A batch as what models take: ids, the mask of what is no padding, and one segment."""
    shape = len(batch.rows), batch.width
    tokens, mask = np.full(shape, pad, np.int64), np.zeros(shape, np.int64)
    for place, row in enumerate(batch.rows):
        tokens[place, : len(ids[row])] = ids[row]
        mask[place, : len(ids[row])] = 1
    return {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros(shape, np.int64)}


def of_unit_length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each vector divided by its length; one of no length stays as it is."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)
