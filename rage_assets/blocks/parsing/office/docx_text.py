"""The text of a Word paragraph: runs, breaks, note marks and equations; text boxes apart."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.office.docx_styles import attribute, child, local
from rage_assets.blocks.parsing.office.omml import equation

if TYPE_CHECKING:
    from lxml.etree import _Element

# Deleted text, field codes, and second copies (a fallback repeats its choice for old programs).
_LEFT_OUT = {"del", "moveFrom", "instrText", "delText", "Fallback", "pPr", "rPr", "txbxContent", "sdtPr", "rt"}
_MAX_DEPTH = 60
# The font of Greek letters and signs of mathematics, whose characters stand where others have letters.
_GREEK = dict(
    zip(
        (*range(0x41, 0x5B), *range(0x61, 0x7B)),
        "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ" + "αβχδεφγηιϕκλμνοπθρστυϖωξψζ",
        strict=True,
    )
) | {
    0x22: "∀", 0x24: "∃", 0x27: "∋", 0x2D: "−", 0x40: "≅", 0x5C: "∴", 0x5E: "⊥", 0x7E: "∼", 0xA2: "′", 0xA3: "≤", 0xA5: "∞",
    0xAB: "↔", 0xAC: "←", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°", 0xB1: "±", 0xB2: "″", 0xB3: "≥", 0xB4: "×", 0xB5: "∝",
    0xB6: "∂", 0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBA: "≡", 0xBB: "≈", 0xBC: "…", 0xC4: "⊗", 0xC5: "⊕", 0xC6: "∅", 0xC7: "∩",
    0xC8: "∪", 0xC9: "⊃", 0xCA: "⊇", 0xCC: "⊂", 0xCD: "⊆", 0xCE: "∈", 0xCF: "∉", 0xD0: "∠", 0xD1: "∇", 0xD2: "®", 0xD3: "©",
    0xD4: "™", 0xD5: "∏", 0xD6: "√", 0xD7: "⋅", 0xD8: "¬", 0xD9: "∧", 0xDA: "∨", 0xDB: "⇔", 0xDC: "⇐", 0xDE: "⇒", 0xE5: "∑",
    0xF2: "∫",
}  # fmt: skip
# The signs of the picture font that stand for words in forms and lists.
_WINGDINGS = {0x6F: "☐", 0x71: "☐", 0xA8: "☐", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑", 0xE0: "→", 0xDF: "←", 0xE8: "➔"}


def paragraph_text(paragraph: "_Element") -> str:
    """The text of a paragraph, without that of text boxes anchored in it."""
    return "".join(_parts(paragraph))


def text_boxes(paragraph: "_Element") -> Iterator["_Element"]:
    """The contents of the text boxes anchored in a paragraph, each once."""
    for box in paragraph.iter("{*}txbxContent"):
        outer = [local(parent) for parent in box.iterancestors() if parent is not paragraph]
        inside = outer[: next((at for at, name in enumerate(outer) if name in ("p", "body")), len(outer))]
        owner = next((parent for parent in box.iterancestors("{*}p")), None)
        if owner is paragraph and "Fallback" not in inside:
            yield box


def _parts(element: "_Element", depth: int = 0) -> Iterator[str]:
    for node in element:
        name = local(node)
        if name == "t":
            yield node.text or ""
        elif name in ("tab", "ptab"):
            yield "\t"
        elif name in ("br", "cr"):
            yield "\n"
        elif name == "noBreakHyphen":
            yield "-"
        elif name == "checkBox":
            yield _check_box(node)
        elif name == "ddList":
            yield _chosen(node)
        elif name == "sym":
            yield _symbol(node)
        elif name == "textpath":  # letters as a drawing
            yield node.get("string", "")
        elif name in ("footnoteReference", "endnoteReference"):
            yield f"[{attribute(node, 'id')}]"
        elif name == "oMathPara":
            yield "\n" + "\n".join(f"$${equation(each)}$$" for each in node if local(each) == "oMath") + "\n"
        elif name == "oMath":
            yield f"${equation(node)}$"
        elif name not in _LEFT_OUT and depth < _MAX_DEPTH and not _is_hidden(node):
            yield from _parts(node, depth + 1)


def _is_hidden(node: "_Element") -> bool:
    """Whether a run is hidden text, or a content control that still shows what to write there."""
    mark = child(node, "rPr", "vanish") if local(node) == "r" else child(node, "sdtPr", "showingPlcHdr")
    return mark is not None and attribute(mark, "val") not in ("0", "false", "off")


def _check_box(box: "_Element") -> str:
    mark = child(box, "checked")
    mark = mark if mark is not None else child(box, "default")
    return "☒" if mark is not None and attribute(mark, "val") not in ("0", "false") else "☐"


def _chosen(choices: "_Element") -> str:
    """The entry of a list of a form that is chosen."""
    entries = [attribute(each, "val") or "" for each in choices if local(each) == "listEntry"]
    number = attribute(child(choices, "result"), "val") or attribute(child(choices, "default"), "val") or "0"
    return entries[int(number)] if number.isdecimal() and int(number) < len(entries) else ""


def _symbol(node: "_Element") -> str:
    """A character by its number; those of picture fonts (private use) have no meaning as text."""
    try:
        char = chr(int(attribute(node, "char") or "0", 16))
    except (ValueError, OverflowError):
        return ""
    font = attribute(node, "font") or ""
    if font.startswith("Wingdings"):
        return _WINGDINGS.get(ord(char) & 0xFF, "")
    if font == "Symbol":
        return _GREEK.get(ord(char) & 0xFF, "") or (chr(ord(char) & 0x7F) if ord(char) & 0xFF < 0x7F else "")
    return "" if "\ue000" <= char <= "\uf8ff" or char == "\0" else char
