"""Texts as the tokens of a model: within its window to embed them, without a limit to cut them into passages."""

from collections.abc import Sequence
from typing import Any

from resources.errors import InvalidSettings

# A token stands for a few characters, so what lies behind so many of them for each token of the window is never read.
_CHARACTERS_PER_TOKEN = 100
_LEAST_WINDOW = 16


class Tokens:
    """The tokenizer of a model.

    Args:
        written: The tokenizer as JSON.
        window: The most tokens that the model reads, prompt and special tokens included.
        prompts: What may stand before a text.
    """

    def __init__(self, written: str, window: int, prompts: Sequence[str] = ()) -> None:
        from tokenizers import Tokenizer

        self.window = window
        self._spans = Tokenizer.from_str(written)
        self._spans.no_truncation()
        self._spans.no_padding()
        self._cut = Tokenizer.from_str(written)
        self._cut.no_padding()
        self._cut.enable_truncation(window)
        if any(self.left_for_text(prompt) < _LEAST_WINDOW for prompt in prompts):
            raise InvalidSettings(f"A prompt leaves no room for a text in the model's window of {window} tokens.")

    def ids(self, texts: Sequence[str], prompt: str = "") -> list[list[int]]:
        """The tokens that the model reads of each text, behind the prompt."""
        most = self.window * _CHARACTERS_PER_TOKEN
        return [e.ids for e in _encoded(self._cut.encode_batch_fast, [prompt + text[:most] for text in texts])]

    def left_for_text(self, prompt: str) -> int:
        """The window that a prompt leaves, special tokens included."""
        return self.window - (len(self._spans.encode(prompt, add_special_tokens=False).ids) if prompt else 0)

    def spans(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """For each text the character spans of its tokens; see `Embedder.token_spans`."""
        return [e.offsets for e in _encoded(self._spans.encode_batch, texts, add_special_tokens=False)]


def _encoded(encode: Any, texts: Sequence[str], **options: Any) -> Any:
    try:
        return encode(list(texts), **options)
    except (TypeError, UnicodeEncodeError):  # halves of surrogate pairs, which are no text; each becomes one "?"
        return encode([text.encode("utf-8", "replace").decode("utf-8") for text in texts], **options)
