"""What is drawn in a paragraph of Word: charts, SmartArt, pictures with their alternative texts."""

from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.office.charts import add_chart
from rage_assets.blocks.parsing.office.docx_styles import attribute, local
from rage_assets.blocks.parsing.office.drawings import as_list, description, diagram
from rage_assets.blocks.parsing.office.package import Package
from rage_assets.blocks.parsing.outline import Outline
from resources.domain import BlockType

if TYPE_CHECKING:
    from lxml.etree import _Element


def has_graphics(paragraph: "_Element") -> bool:
    """Whether anything is drawn in a paragraph."""
    return next(paragraph.iter("{*}drawing", "{*}pict", "{*}object"), None) is not None


def add_graphics(outline: Outline, package: Package, part: str, paragraph: "_Element") -> None:
    """Add what is drawn in a paragraph; text boxes are read apart."""
    targets = package.relations(part)
    for element in paragraph.iter("{*}docPr", "{*}chart", "{*}relIds", "{*}shape"):
        kind = local(element)
        if any(local(parent) == "Fallback" for parent in element.iterancestors()) or _owner(element) is not paragraph:
            continue
        if kind == "docPr":
            outline.add(BlockType.IMAGE, description(element))
        elif kind == "shape" and element.get("alt"):  # pictures of Word before 2007
            outline.add(BlockType.IMAGE, element.get("alt", ""))
        elif kind in ("chart", "relIds"):
            target = targets.get(attribute(element, "dm" if kind == "relIds" else "id") or "")
            root = package.further(target.target) if target else None
            if kind == "chart":
                add_chart(outline, root)
            else:
                outline.add(BlockType.LIST, as_list(diagram(root)), role="diagram")


def _owner(element: "_Element") -> "_Element | None":
    return next(element.iterancestors("{*}p"), None)
