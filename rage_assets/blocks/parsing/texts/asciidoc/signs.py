"""The signs by which the lines of AsciiDoc are known."""

import re

from rage_assets.blocks.parsing.texts.asciidoc.lines import Line

SECTION = re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*)")
_CLOSED_SECTION = re.compile(r"(\S.*?)[ \t]+=+")
_UNDERLINES = {"=": 1, "-": 2, "~": 3, "^": 4, "+": 5}
DELIMITER = re.compile(r"(-{4,}|\.{4,}|={4,}|\*{4,}|_{4,}|\+{4,}|/{4,}|--|```[\w+#-]{0,40}|[|!,:]={3,})")
ATTRIBUTES = re.compile(r"\[(?:|[\w#.%{,\"'*^<>$].*)\]|\[\[.*\]\]")
TITLE = re.compile(r"\.(?![.\s])(\S.*)")


def joined(texts: list[str]) -> str:
    """Lines as running text; a plus at a line's end breaks it."""
    return "".join(text[:-2] + "\n" if text.endswith(" +") else text + " " for text in texts).rstrip()


def section(lines: list[Line], at: int) -> tuple[int, str, int] | None:
    """A heading at a line: its level, its text and how many lines it takes."""
    line = lines[at].text
    if found := SECTION.fullmatch(line):
        title = found[2]
        if closed := _CLOSED_SECTION.fullmatch(title[:1000]):
            title = closed[1]
        return len(found[1]), title, 1
    under = lines[at + 1].text if at + 1 < len(lines) else ""
    same = len(under) >= 3 and under[0] in _UNDERLINES and under == under[0] * len(under)
    if same and abs(len(under) - len(line)) <= 2 and line[:1] not in " \t.[" and any(map(str.isalnum, line)):
        return _UNDERLINES[under[0]], line, 2
    return None


def has_caption(lines: list[Line], at: int) -> bool:
    """Whether a title's block is a table or a picture."""
    while at < len(lines) and ATTRIBUTES.fullmatch(lines[at].text):
        at += 1
    return at < len(lines) and lines[at].text.startswith(("|===", ",===", ":===", "image::"))


def behind_comments(lines: list[Line], at: int) -> int:
    """The first line from here on that is no comment."""
    while at < len(lines) and lines[at].text.startswith("//") and not DELIMITER.fullmatch(lines[at].text):
        at += 1
    return at


def begins_text(lines: list[Line], at: int) -> bool:
    """Whether a line below attributes begins a paragraph."""
    other = (ATTRIBUTES, DELIMITER, TITLE)
    return at < len(lines) and bool(lines[at].text.strip()) and not any(sign.fullmatch(lines[at].text) for sign in other)


def ends_paragraph(line: str) -> bool:
    """Whether a line does not belong to the paragraph above it."""
    if not line.strip() or line == "+":
        return True
    if line[0] not in "-.=*_+/`|,:[!":
        return False
    return bool(DELIMITER.fullmatch(line)) or (line[0] == "[" and bool(ATTRIBUTES.fullmatch(line)))
