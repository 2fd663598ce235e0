"""Models that need no weights: vectors of hashed words. They differ as real ones do, in dimension, window and quality."""

import hashlib
import re

import numpy as np

from resources.errors import InvalidSettings

GOOD, SMALLER, SHUFFLED, UNSOUND = "words-256", "words-128", "shuffled-256", "nan-64"
NARROW, WIDE = "words-96", "words-4096"
_gone: set[str] = set()


class HashedWords:
    """Near is what shares words; a shuffled one only finds what is the same text."""

    is_remote = False

    def __init__(self, model: str) -> None:
        self.model = model
        self.kind, dimension = model.split("-")
        self.dimension = int(dimension)
        self.window = 16 if model == NARROW else 64

    def encode(self, texts):
        if self.model in _gone:
            raise RuntimeError("the model is gone")
        rows = np.full((len(texts), self.dimension), 1e-3, np.float32)
        for row, text in enumerate(texts):
            words = [text] if self.kind == "shuffled" else re.findall(r"\w{3,}", text.lower())
            for word in words:
                digest = hashlib.sha256(f"{self.model}{word[:5] if self.kind == 'words' else word}".encode()).digest()
                rows[row, int.from_bytes(digest[:4]) % self.dimension] += 1
        if self.kind == "nan":
            rows[0, 0] = np.nan
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def encode_queries(self, texts):
        return self.encode(texts)

    def token_spans(self, texts):
        return [[match.span() for match in re.finditer(r"\S+", text)] for text in texts]


def open_hashed(model, *_):
    """Stands where models are opened."""
    if model in _gone or not re.fullmatch(r"(words|shuffled|nan)-\d+", model):
        raise InvalidSettings(f"There is no model {model}.")
    return HashedWords(model)


def lose(model: str, *, lost: bool = True) -> None:
    """Makes a model vanish, or come back."""
    (_gone.add if lost else _gone.discard)(model)
