"""Commands that stand for characters, and accents."""

import unicodedata
from functools import cache

ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306", ".": "\u0307", '"': "\u0308",
    "r": "\u030a", "H": "\u030b", "v": "\u030c", "d": "\u0323", "b": "\u0331", "c": "\u0327", "k": "\u0328",
}  # fmt: skip
_OWN = {
    "LaTeX": "LaTeX", "LaTeXe": "LaTeX2e", "TeX": "TeX", "BibTeX": "BibTeX", "XeLaTeX": "XeLaTeX", "copyright": "©",
    "S": "§", "P": "¶", "euro": "€", "EUR": "€", "pounds": "£", "dag": "†", "ddag": "‡",
    "textregistered": "®", "texttrademark": "™",
    "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textbar": "|", "textless": "<",
    "textgreater": ">", "textunderscore": "_", "slash": "/", "dots": "…", "textellipsis": "…", "textquotesingle": "'",
    "textbullet": "•", "guillemotleft": "«", "guillemotright": "»", "glqq": "„", "grqq": "“", "ldots": "…", "lq": "‘",
    "rq": "’", "percent": "%", "quad": " ", "qquad": " ", "enspace": " ", "thinspace": " ", "space": " ", "par": "\n\n",
    "newline": "\n", "linebreak": "\n", "hfill": " ", "dotfill": " ", "cdot": "·", "times": "×", "checkmark": "✓",
    "&": "&", "%": "%", "$": "$", "#": "#", "_": "_", "{": "{", "}": "}", " ": " ", "\n": " ", "\t": " ", ",": " ", ";": " ",
    ":": " ", "-": "", "/": "", "@": "", "!": "", ">": " ", "and": ", ", "textquotedblleft": "“", "textquotedblright": "”",
}  # fmt: skip


@cache
def symbol(command: str) -> str | None:
    """The characters that a command stands for; None where it stands for none."""
    if command in _OWN:
        return _OWN[command]
    from pylatexenc.latex2text import get_default_latex_context_db

    known = get_default_latex_context_db().get_macro_spec(command)
    shown = known.simplify_repl if known is not None else None
    plain = isinstance(shown, str) and len(shown) <= 3 and not shown.isascii() and "%" not in shown
    return shown if plain else None


def accented(accent: str, letter: str) -> str:
    r"""A letter under an accent.

    >>> accented('"', "a"), accented("'", ""), accented("c", "cedille")
    ('ä', '', 'çedille')
    """
    letter = {"ı": "i", "\\i": "i", "\\j": "j"}.get(letter, letter)
    return unicodedata.normalize("NFC", letter[:1] + ACCENTS[accent]) + letter[1:] if letter else ""
