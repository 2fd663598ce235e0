"""Token spans where a server has no tokenizer to ask: more tokens than there will be, so that no window overflows.

A token stands for at least one byte of a text, in any vocabulary that falls back to bytes. For words the common
vocabularies do better, and counting bytes would fill a window to a fifth: so two ASCII letters count as a token, and all
else (digits, signs, spaces beyond the first, other scripts) counts one for each byte. Random letters take up to 13 % more
than that, for which `SHARE` keeps a part of the window free. English prose then fills a window by half. Should a text be
too long all the same, the server or `OpenAiApi.embed` cuts it.
"""

import re

# Of the window, where its tokens are estimated.
SHARE = 0.85
_LETTERS_PER_TOKEN = 2
_PART = re.compile(r"[A-Za-z]+|\s+|.", re.DOTALL)


def estimated_spans(text: str) -> list[tuple[int, int]]:
    """Character spans like a tokenizer's, as many as any is likely to make; one space before a word is part of nothing."""
    spans: list[tuple[int, int]] = []
    for match in _PART.finditer(text):
        start, end = match.span()
        part = match.group()
        if part[0].isascii() and part[0].isalpha():
            spans += [(at, min(at + _LETTERS_PER_TOKEN, end)) for at in range(start, end, _LETTERS_PER_TOKEN)]
        elif part.isspace():
            spans += [(at, at + 1) for at in range(start + 1, end)]
        else:
            spans += [(start, end)] * len(part.encode("utf-8", "replace"))
    return spans
