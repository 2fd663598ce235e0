"""Charts of OpenDocument files: their title, their kind, and their numbers as a table."""

from typing import TYPE_CHECKING, Any

from rage_assets.blocks.parsing.office.docx_styles import attribute, child, local
from rage_assets.blocks.parsing.office.odf_cells import paragraphs, shown
from rage_assets.blocks.parsing.office.odf_package import tag
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import table_parts
from resources.domain import BlockType

if TYPE_CHECKING:
    from lxml.etree import _Element

_KINDS = {"circle": "pie", "ring": "doughnut", "filled-radar": "radar"}


def chart_of(root: "_Element") -> "_Element | None":
    """The chart that an object is; None for other objects."""
    return next((each for each in root.iter("{*}chart") if tag(each) == "chart:chart"), None)


def add_chart(outline: Outline, *, root: "_Element", **metadata: Any) -> None:
    """Add a chart's title, what kind of chart it is, and its table."""
    chart = chart_of(root)
    if chart is None:
        return
    title = child(chart, "title")
    outline.paragraph("" if title is None else paragraphs(title), **metadata)
    written = (attribute(chart, "class") or "").rpartition(":")[2]
    kind = f"{_KINDS.get(written, written)} chart".capitalize() if written else ""
    outline.add(BlockType.IMAGE, kind, role="chart", **metadata)
    rows = [[shown(cell) for cell in row if local(cell) == "table-cell"] for row in chart.iter("{*}table-row")]
    for _, _, table in table_parts(rows):
        outline.add(BlockType.TABLE, table, role="chart", **metadata)
