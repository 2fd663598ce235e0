"""Commands that stand for characters, and accents."""

import re
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

_PYGMENTED = re.compile(r"\\PY\{[^{}]{0,50}\}")
_COLOURED = re.compile(r"\\([a-zA-Z]+)(?:\{\})?|\\([^a-zA-Z])|[{}]")
# Signs as Pygments writes them.
_PYGMENTS = {
    "bs": "\\", "us": "_", "ob": "{", "cb": "}", "ca": "^", "am": "&", "lt": "<", "gt": ">", "sh": "#", "pc": "%",
    "dl": "$", "hy": "-", "sq": "'", "dq": '"', "ti": "~", "at": "@", "lb": "[", "rb": "]",
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


def without_commands(code: str) -> str:
    r"""Code without the commands that colour it.

    >>> without_commands(r"\KeywordTok{def}\NormalTok{ f():}"), without_commands(r"\PY{k}{if} a\PYZus{}b \{\}")
    ('def f():', 'if a_b {}')
    """
    return _COLOURED.sub(lambda found: _uncoloured(found[1] or "", found[2] or ""), _PYGMENTED.sub("", code))


def _uncoloured(command: str, character: str) -> str:
    if command.startswith("PYZ"):
        return _PYGMENTS.get(command[3:], "")
    return character or ((symbol(command) or "") if command else "")


def accented(accent: str, letter: str) -> str:
    r"""A letter under an accent.

    >>> accented('"', "a"), accented("'", ""), accented("c", "cedille")
    ('ä', '', 'çedille')
    """
    letter = {"ı": "i", "\\i": "i", "\\j": "j"}.get(letter, letter)
    return unicodedata.normalize("NFC", letter[:1] + ACCENTS[accent]) + letter[1:] if letter else ""
