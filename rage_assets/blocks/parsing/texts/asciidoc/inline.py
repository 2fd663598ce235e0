"""AsciiDoc within a line: its words without marks, macros and addresses."""

import html
import re
from collections.abc import Callable

_PASS = re.compile(r"\+\+\+(.{1,2000}?)\+\+\+|pass:[a-z,]{0,20}\[((?:[^\]\\]|\\.){0,2000})\]")
_STEM = re.compile(r"(?:stem|latexmath|asciimath):\[((?:[^\]\\]|\\.){0,2000})\]")
_FOOTNOTE = re.compile(r"footnote(?:ref)?:([\w-]{0,100})\[((?:[^\]\\\[]|\\.|\[[^\[\]]{0,300}\]){0,2000})\]")
_MENU = re.compile(r"menu:([^\s\[][^\[\n]{0,100})\[([^\]]{0,300})\]")
_KEYS = re.compile(r"(?:kbd|btn):\[((?:[^\]\\]|\\.){0,300})\]")
_IMAGE = re.compile(r"(?:image|icon):([^\s:\[][^\[\n]{0,500})\[([^\]]{0,1000})\]")
_INDEX = re.compile(r"\(\(\([^()]{1,300}\)\)\)|indexterm:\[[^\]]{0,300}\]|anchor:[^\s\[]{1,200}\[[^\]]{0,200}\]")
_TERM = re.compile(r"\(\(([^()]{1,300})\)\)|indexterm2:\[([^\]]{0,300})\]")
_ANCHOR = re.compile(r"\[\[[^\[\]]{1,300}\]\]")
_XREF = re.compile(r"<<([^<>,]{1,300})(?:,([^<>]{0,500}))?>>")
_MACRO = re.compile(r"(?:link|xref|mailto):([^\s\[\]][^\s\[]{0,1000})\[((?:[^\]\\]|\\.){0,1000})\]")
_URL = re.compile(r"<?\b((?:https?|ftp|irc)://[^\s\[\]<>]{1,2000})(?:\[((?:[^\]\\]|\\.){0,1000})\])?>?")
_ROLE = re.compile(r"\[[\w.#%-][^\[\]\n]{0,100}\](?=[#*_`^~])")
_QUOTED = re.compile(r"""(["'])`(?=\S)([^`\n]{1,500}?)`\1""")
_DOUBLE = tuple(
    re.compile(rf"{mark}{mark}([^{mark}\n]{{1,1000}}){mark}{mark}") for mark in (r"\*", "_", "#")
)  # fmt: skip
_SINGLE = tuple(
    re.compile(rf"(?<![\w{mark}\\:;}}]){mark}(?=[^\s{mark}])([^{mark}\n]{{0,1000}}[^\s{mark}]){mark}(?![\w{mark}])")
    for mark in (r"\*", "_", "#")
)
_LITERAL = re.compile(r"(?<![\w\\])`\+?(?=\S)([^`\n]{1,1000}?)\+?`(?!\w)|``([^`\n]{1,1000})``")
_PLUS = re.compile(r"(?<![\w+])\+(?=\S)([^+\n]{1,500}?)\+(?![\w+])")
_SUPER = re.compile(r"\^([^\s^]{1,100})\^|~([^\s~]{1,100})~")
_ESCAPE = re.compile(r"\\(?=[*_`#^~{\[<(+]|https?:|link:|xref:|image:|footnote:)")
_KEPT = re.compile("\x02(\\d+)\x03")
_CLEAN = re.compile("[\x02\x03]")


class Inline:
    """Turns marked-up text into plain text and collects the footnotes in it."""

    def __init__(self) -> None:
        """Start without footnotes."""
        self.footnotes: list[str] = []

    def plain(self, text: str) -> str:
        """The text as a reader sees it; code stays in backticks."""
        kept: list[str] = []

        def keep(text: str) -> str:
            kept.append(text)
            return f"\x02{len(kept) - 1}\x03"

        text = _CLEAN.sub("", text)
        text = _PASS.sub(lambda found: keep(found[1] or found[2] or ""), text)
        text = _QUOTED.sub(lambda found: ("“{}”" if found[1] == '"' else "‘{}’").format(found[2]), text)
        text = _LITERAL.sub(lambda found: keep(f"`{found[1] or found[2]}`"), text)
        text = _STEM.sub(lambda found: keep(found[1].replace("\\]", "]")), text)
        text = _macros(_FOOTNOTE.sub(self._footnote, text), keep)
        text = _marks(text)
        text = _ESCAPE.sub("", text).replace(" -- ", " — ")
        text = text.replace("(C)", "©").replace("(R)", "®").replace("(TM)", "™")
        # What was kept may hold what was kept before it.
        for _ in range(3):
            text = _KEPT.sub(lambda found: kept[int(found[1])] if int(found[1]) < len(kept) else "", text)
        return html.unescape(text).strip()

    def _footnote(self, found: re.Match[str]) -> str:
        if found[2]:
            self.footnotes.append(found[2].replace("\\]", "]"))
        return ""


def _macros(text: str, keep: Callable[[str], str]) -> str:
    """Macros replaced by their texts."""
    if ":" in text:
        text = _MENU.sub(lambda found: " > ".join(filter(None, [found[1], found[2].replace("&gt;", ">")])), text)
        text = _KEYS.sub(lambda found: found[1].replace("\\]", "]"), text)
        text = _IMAGE.sub(lambda found: first_value(found[2]), text)
        text = _MACRO.sub(lambda found: _link_text(found[2]) or keep(found[1].lstrip("#")), text)
        text = _URL.sub(lambda found: _link_text(found[2] or "") or keep(found[1]), text)
    text = _TERM.sub(lambda found: found[1] or found[2] or "", _INDEX.sub("", text))
    text = _XREF.sub(lambda found: (found[2] or "").strip() or keep(found[1].strip("# ")), text)
    return _ROLE.sub("", _ANCHOR.sub("", text))


def _marks(text: str) -> str:
    """Text without the signs of emphasis."""
    text = _PLUS.sub(r"\1", text)
    for pattern in (*_DOUBLE, *_SINGLE, *_SINGLE):
        text = pattern.sub(r"\1", text)
    return _SUPER.sub(lambda found: found[1] or found[2], text) if "^" in text or "~" in text else text


def _link_text(attributes: str) -> str:
    """The text of a link: all of it, unless attributes follow."""
    text = attributes.replace("\\]", "]")
    if '="' in text or re.search(r",\s*(?:window|role|opts|options|id|title)=", text):
        text = first_value(text)
    return text.strip().removesuffix("^").strip('"')


def first_value(attributes: str) -> str:
    """The first of a macro's values that has no name, or the one that is called `alt`.

    >>> first_value('A lake, 300, role=right'), first_value('"Sun, sea",200'), first_value('width=300')
    ('A lake', 'Sun, sea', '')
    """
    named = re.search(r'\balt="([^"]{0,1000})"', attributes)
    if named:
        return named[1]
    quoted = re.match(r'\s*"([^"]*)"', attributes)
    first = quoted[1] if quoted else attributes.split(",")[0].strip()
    return first if quoted or not re.match(r"[\w-]+=", first) else ""
