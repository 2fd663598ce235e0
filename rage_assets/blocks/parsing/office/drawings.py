"""What Word, Excel and PowerPoint draw alike (DrawingML): texts of shapes, SmartArt, alternative texts of pictures."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from rage_assets.blocks.parsing.office.docx_styles import attribute, child, local
from rage_assets.blocks.parsing.office.omml import equation

if TYPE_CHECKING:
    from lxml.etree import _Element

_DEEPEST = 8
_MAX_DEPTH = 60
_MOST_POINTS = 10_000
_FILE_NAME = re.compile(r".{0,200}\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|svg)", re.IGNORECASE)
_LONGEST = 2000
_FEWEST_WORDS = 3  # fewer are a name, such as `Picture 2`
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}")  # about a word, in scripts without spaces
# What Office adds, in the author's language, to a description that it guessed: too often wrong, and never of the matter.
_MACHINE_MADE = re.compile(
    r"description (?:automatically )?generated|ai-generated content|automatisch generierte beschreibung|ki-generiert"
    r"|description générée automatiquement|généré par l.ia|descripción generada automáticamente|generado por ia"
    r"|descrizione generata automaticamente|generato dall.ia|automatisch gegenereerde beschrijving|door ai gegenereerd"
    r"|descrição gerada automaticamente|gerado por ia",
    re.IGNORECASE,
)


class Line(NamedTuple):
    """A paragraph of a shape: how deep it stands, its own bullet (None where it has its surroundings'), its text."""

    level: int
    bullet: str | None
    text: str


def lines(body: "_Element | None") -> list[Line]:
    """The paragraphs of a text body that have text; automatic numbers are counted."""
    found, counts = [], dict[int, int]()
    for paragraph in body if body is not None else ():
        text = "".join(_runs(paragraph)).strip() if local(paragraph) == "p" else ""
        if not text:
            continue
        properties = child(paragraph, "pPr")
        written = attribute(properties, "lvl") or "0"
        level = min(int(written), _DEEPEST) if written.isdecimal() else 0
        bullet = _bullet(properties, counts, level)
        found.append(Line(level, bullet, text))
    return found


def as_list(texts: list[Line]) -> str:
    """Lines as a Markdown list."""
    rows = []
    for level, bullet, text in texts:
        indent = "  " * level
        rows.append(f"{indent}{bullet or '-'} " + text.replace("\n", f"\n{indent}  "))
    return "\n".join(rows)


def _bullet(properties: "_Element | None", counts: dict[int, int], level: int) -> str | None:
    kinds = {local(each): each for each in properties} if properties is not None else {}
    for deeper in [each for each in counts if each > level or (each == level and "buAutoNum" not in kinds)]:
        del counts[deeper]
    if "buAutoNum" in kinds:
        start = kinds["buAutoNum"].get("startAt", "1")
        counts[level] = counts.get(level, int(start) - 1 if start.isdecimal() and len(start) < 6 else 0) + 1
        return f"{counts[level]}."
    return "" if "buNone" in kinds else "-" if kinds.keys() & {"buChar", "buBlip"} else None


def _runs(element: "_Element", depth: int = 0) -> Iterator[str]:
    for node in element:
        match local(node):
            case "t":
                yield node.text or ""
            case "br":
                yield "\n"
            case "tab":
                yield "\t"
            case "oMath":
                yield f"${equation(node)}$"
            case "pPr" | "rPr" | "endParaRPr" | "Fallback":
                pass
            case _ if depth < _MAX_DEPTH:
                yield from _runs(node, depth + 1)


def description(properties: "_Element | None") -> str:
    """The alternative text of a picture or shape, where a person wrote more than a name."""
    texts = [] if properties is None else [properties.get("title") or "", properties.get("descr") or ""]
    return described(*texts, least=_FEWEST_WORDS)


def described(*texts: str, least: int = 2) -> str:
    """Alternative texts, each once, without names, which have less than so many words, and what no person wrote."""
    kept = (text.strip() for text in texts if not _MACHINE_MADE.search(text[:_LONGEST]))
    return "\n".join(dict.fromkeys(text for text in kept if _words(text) >= least and not _FILE_NAME.fullmatch(text)))


def _words(text: str) -> int:
    return len(text.split()) + len(_WIDE.findall(text[:_LONGEST]))


def diagram(root: "_Element | None") -> list[Line]:
    """The texts of a SmartArt graphic, from its data, as it nests them."""
    if root is None:
        return []
    points = {
        each.get("modelId"): each for each in root.iter("{*}pt") if each.get("type", "node") in ("node", "asst", "doc")
    }
    below: dict[str | None, list[tuple[int, str | None]]] = {}
    for each in root.iter("{*}cxn"):
        order = each.get("srcOrd", "0")
        if each.get("type", "parOf") == "parOf" and each.get("destId") in points:
            below.setdefault(each.get("srcId"), []).append((int(order) if order.isdecimal() else 0, each.get("destId")))
    found: list[Line] = []
    seen: set[str | None] = set()
    waiting = [(-1, name) for name, each in points.items() if each.get("type") == "doc"][::-1]
    while waiting and len(seen) < _MOST_POINTS:
        level, name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        text = " ".join(line.text for line in lines(child(points[name], "t")))
        if text:
            found.append(Line(min(max(level, 0), _DEEPEST), None, text))
        children = sorted(below.get(name, []), key=lambda each: each[0], reverse=True)
        waiting += [(level + 1, each) for _, each in children]
    return found
