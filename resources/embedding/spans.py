"""Character spans from the tokens' own strings, for servers that give no places."""

from collections.abc import Sequence

# How the common vocabularies write that a piece begins or goes on a word.
_BEGINS = ("▁", "Ġ", "Ċ")
_GOES_ON = "##"


def spans_of_pieces(text: str, pieces: Sequence[object]) -> list[tuple[int, int]] | None:
    """The spans of tokens in a text, in order: each as many as the tokens, and none left out.

    A piece that is not found as it is written (bytes, accents that were folded) takes one character; what follows is sought
    from there. Exact places matter little, since a text is cut between words: their number does.

    Returns:
        The spans; None where pieces are no strings.
    """
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = text
    spans: list[tuple[int, int]] = []
    at = 0
    for piece in pieces:
        if not isinstance(piece, str):
            return None
        plain = piece.removeprefix(_GOES_ON)
        for mark in _BEGINS:
            plain = plain.removeprefix(mark)
        found = lowered.find(plain.lower(), at, at + len(plain) + 64) if plain else -1
        if found < 0:
            start = min(at, max(0, len(text) - 1))
            spans.append((start, min(start + 1, len(text))))
            at = max(at, spans[-1][1])
        else:
            spans.append((found, found + len(plain)))
            at = found + len(plain)
    return spans
