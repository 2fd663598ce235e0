"""Charts of office documents: their title, their kind, and their numbers as a table."""

from typing import TYPE_CHECKING, Any

from rage_assets.blocks.parsing.office.docx_styles import attribute, child, local
from rage_assets.blocks.parsing.office.number_formats import shown
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import table_parts
from resources.domain import BlockType

if TYPE_CHECKING:
    from lxml.etree import _Element

_KINDS = {
    "bar": "Bar chart", "line": "Line chart", "pie": "Pie chart", "doughnut": "Doughnut chart", "ofPie": "Pie chart",
    "area": "Area chart", "scatter": "Scatter chart", "bubble": "Bubble chart", "radar": "Radar chart",
    "stock": "Stock chart", "surface": "Surface chart",
}  # fmt: skip
_MOST_POINTS = 100_000


def add_chart(outline: Outline, root: "_Element | None", **metadata: Any) -> None:
    """Add a chart's title, what kind of chart it is, and a table: a row for each category, a column for each series."""
    if root is None:
        return
    outline.paragraph(_title(root), **metadata)
    plots = [each for each in root.iter("{*}*") if local(each).endswith("Chart") and child(each, "ser") is not None]
    kinds = {_KINDS.get(local(plot).removesuffix("Chart").removesuffix("3D"), "Other chart") for plot in plots}
    kinds |= {f"{each.get('layoutId')} chart".capitalize() for each in root.iter("{*}series") if each.get("layoutId")}
    outline.add(BlockType.IMAGE, kinds.pop() if len(kinds) == 1 else "Other chart", role="chart", **metadata)
    series = [each for plot in plots for each in plot if local(each) == "ser"]
    rows = _rows(series) if series else _rows_of_extended(root)
    for _, _, table in table_parts(rows):
        outline.add(BlockType.TABLE, table, role="chart", **metadata)


def _title(root: "_Element") -> str:
    title = next((each for each in root.iter("{*}title") if local(each.getparent()) == "chart"), None)
    if title is None:
        return ""
    texts = ("".join(part.text or "" for part in line.iter("{*}t")) for line in title.iter("{*}p"))
    return "\n".join(filter(None, texts)) or " ".join(_points(title).values())


def _rows(series: "list[_Element]") -> list[list[str]]:
    # Series of scatter charts may each have their own places along the axis.
    names = [_points(child(each, "tx")).get(0, "") or "".join(_texts(child(each, "tx"))) for each in series]
    places = [_points(_first(each, "cat", "xVal")) for each in series]
    values = [_points(_first(each, "val", "yVal")) for each in series]
    shared = next(filter(None, places), {})
    if any(place and place != shared for place in places):
        rows = [["Series", "X", "Y"]]
        for name, place, value in zip(names, places, values, strict=True):
            rows += [[name, place.get(at, ""), text] for at, text in value.items()]
        return rows
    last = max((at for each in [shared, *values] for at in each), default=-1)
    return [["", *names], *([shared.get(at, ""), *(value.get(at, "") for value in values)] for at in range(last + 1))]


def _rows_of_extended(root: "_Element") -> list[list[str]]:
    """The rows of a chart of the newer kind (waterfall, funnel, tree map …): dimensions with levels of points."""
    columns, header = [], []
    for dimension in root.iter("{*}strDim", "{*}numDim"):
        for level in (each for each in dimension if local(each) == "lvl"):
            columns.append({_index(point): (point.text or "").strip() for point in level if local(point) == "pt"})
            header.append("Category" if local(dimension) == "strDim" else "Value")
    last = max((at for column in columns for at in column), default=-1)
    return [header, *([column.get(at, "") for column in columns] for at in range(last + 1))]


def _first(element: "_Element", *names: str) -> "_Element | None":
    return next((each for each in element if local(each) in names), None)


def _texts(element: "_Element | None") -> list[str]:
    return [] if element is None else [each.text or "" for each in element.iter("{*}t", "{*}v")]


def _points(element: "_Element | None") -> dict[int, str]:
    """The points of a series by their place; those of several levels of categories joined."""
    if element is None:
        return {}
    points: dict[int, str] = {}
    pattern = next((each.text or "" for each in element.iter("{*}formatCode")), "General")
    numbers = next(element.iter("{*}numCache", "{*}numLit"), None) is not None
    for point in element.iter("{*}pt"):
        value = child(point, "v")
        text = (value.text or "").strip() if value is not None else ""
        at = _index(point)
        text = _number(text, attribute(point, "formatCode") or pattern) if numbers else text
        points[at] = f"{text} {points[at]}" if at in points else text
    return points


def _index(point: "_Element") -> int:
    index = point.get("idx", "")
    return int(index) if index.isdecimal() and int(index) < _MOST_POINTS else 0


def _number(text: str, pattern: str) -> str:
    try:
        return shown(float(text), pattern)
    except (ValueError, OverflowError):
        return text
