"""Org within a line: words without marks and addresses."""

import re

_LINK = re.compile(r"\[\[([^\[\]]{1,1000})\](?:\[([^\[\]]{1,1000})\])?\]")
_PICTURE = re.compile(r"(?:file:)?\S{1,500}\.(?:png|jpe?g|gif|svg|webp)", re.IGNORECASE)
_NOTE = re.compile(r"\[fn:([\w-]{0,50})(?::((?:[^\[\]]|\[[^\[\]]{0,300}\]){0,2000}))?\]")
_MARKED = re.compile(r"(?:(?<=[\s\-('\"{|])|^)([*/_+])(?=\S)([^\n]{0,500}?\S)\1(?=[\s\-.,:;!?'\")}\[|]|$)")
_CODE = re.compile(r"(?:(?<=[\s\-('\"{|])|^)([=~])(?=\S)([^\n]{0,500}?\S)\1(?=[\s\-.,:;!?'\")}\[|]|$)")
_SCRIPT = re.compile(r"(?<=\w)[_^]\{([^{}]{1,100})\}")
_TARGET = re.compile(r"(?<!<)<<([^<>\s][^<>\n]{0,200})>>(?!>)")
_RADIO_TARGET = re.compile(r"<<<([^<>\n]{1,200})>>>")
_MACRO = re.compile(r"\{\{\{(\w[\w-]{0,50})(?:\(([^()]{0,300})\))?\}\}\}")
_COOKIE = re.compile(r"\s*\[(?:\d{0,5}/\d{0,5}|\d{0,3}%)\]")
_EXPORT = re.compile(r"@@[\w-]{1,20}:([^@\n]{0,300})@@")
_MOST_MACROS = 500
_LONGEST_MACRO = 1000
_KEPT = re.compile("\x02(\\d+)\x03")


class Inline:
    """Turns marked-up text into plain text: with the document's macros in place; the footnotes in it are collected."""

    def __init__(self) -> None:
        """Know no macros."""
        self.notes: list[str] = []
        self._macros: dict[str, str] = {}

    def define(self, name: str, meaning: str) -> None:
        """Know what a macro stands for."""
        if len(self._macros) < _MOST_MACROS:
            self._macros[name] = meaning.strip()[:_LONGEST_MACRO]

    def plain(self, text: str) -> str:
        """The text as a reader sees it, code in backticks."""
        kept: list[str] = []

        def keep(shown: str) -> str:
            kept.append(shown)
            return f"\x02{len(kept) - 1}\x03"

        text = _MACRO.sub(self._macro, text.replace("\x02", "").replace("\x03", ""))
        text = _LINK.sub(lambda found: keep(_shown(found)), text)
        text = _CODE.sub(lambda found: keep(f"`{found[2]}`"), text)
        text = _EXPORT.sub("", _NOTE.sub(self._note, text))
        for _ in range(2):
            text = _MARKED.sub(r"\2", text)
        text = _COOKIE.sub("", _TARGET.sub("", _RADIO_TARGET.sub(r"\1", _SCRIPT.sub(r"\1", text))))
        for _ in range(2):
            text = _KEPT.sub(lambda found: kept[int(found[1])], text)
        return text.removesuffix("\\\\").strip()

    def _note(self, found: re.Match[str]) -> str:
        if found[2]:
            self.notes.append(found[2])
            return ""
        return f"[{found[1]}]"

    def _macro(self, found: re.Match[str]) -> str:
        """What a macro stands for, its arguments put in; of one that the document does not define, the arguments."""
        meaning = self._macros.get(found[1])
        if meaning is None:
            return found[2] or ""
        given = (found[2] or "").split(",")
        return re.sub(r"\$([1-9])", lambda place: "".join(given[int(place[1]) - 1 : int(place[1])]).strip(), meaning)


def _shown(found: re.Match[str]) -> str:
    target = found[1].removeprefix("file:").lstrip("*#")
    if not found[2]:
        return "" if _PICTURE.fullmatch(target) else target
    return "" if _PICTURE.fullmatch(found[2]) else found[2]
