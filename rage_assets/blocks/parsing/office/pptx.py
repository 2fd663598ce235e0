"""Slides: titles, texts, tables, charts and the speaker's notes."""

import io
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from rage_assets.blocks.parsing.archives.archive import Archive
from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import pipe_table
from resources.domain import BlockType

_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_MAX_DEPTH = 20


class PptxParser:
    """Reads PowerPoint presentations with python-pptx, where that is installed."""

    name = "pptx"
    version = 1
    suffixes: ClassVar[dict[str, str]] = dict.fromkeys((".pptx", ".pptm"), _MEDIA_TYPE)

    def parse(self, content: Content) -> Outline:
        """The blocks of each slide from its top, with the slide's number as `page`."""
        from pptx import Presentation

        Archive(content.data).refuse_doctypes()  # and for its bounds on what an archive unpacks to
        deck = Presentation(io.BytesIO(content.data))
        outline = Outline()
        outline.title = deck.core_properties.title or ""
        for number, slide in enumerate(deck.slides, start=1):
            outline.page = number
            title = slide.shapes.title
            if title is not None and title.has_text_frame:
                outline.heading(title.text_frame.text, 1)
            for shape in _shapes(slide.shapes):
                if title is None or shape.shape_id != title.shape_id:
                    _add(outline, shape)
            if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
                outline.paragraph(slide.notes_slide.notes_text_frame.text, role="notes")
        return outline


def _shapes(shapes: Iterable[Any], depth: int = 0) -> Iterator[Any]:
    """All shapes, those of groups included, as they stand from the top."""
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if hasattr(shape, "shapes") and depth < _MAX_DEPTH:
            yield from _shapes(shape.shapes, depth + 1)
        else:
            yield shape


def _add(outline: Outline, shape: Any) -> None:
    if getattr(shape, "has_table", False):
        rows = [["" if cell.is_spanned else cell.text for cell in row.cells] for row in shape.table.rows]
        outline.add(BlockType.TABLE, pipe_table(rows))
    elif getattr(shape, "has_chart", False):
        _chart(outline, shape.chart)
    elif getattr(shape, "has_text_frame", False):
        texts = [(paragraph.level, paragraph.text.strip()) for paragraph in shape.text_frame.paragraphs]
        texts = [(level, text) for level, text in texts if text]
        if len(texts) > 1 and shape.is_placeholder:
            items = ("  " * level + "- " + text.replace("\v", " ") for level, text in texts)
            outline.add(BlockType.LIST, "\n".join(items))
        else:
            for _, text in texts:
                outline.paragraph(text)


def _chart(outline: Outline, chart: Any) -> None:
    if chart.has_title and chart.chart_title.has_text_frame:
        outline.paragraph(chart.chart_title.text_frame.text)
    try:
        plots = list(chart.plots)
    except ValueError:  # a kind of chart that python-pptx does not know
        return
    for plot in plots:
        header = ["", *(str(series.name) for series in plot.series)]
        columns = [list(series.values) for series in plot.series]
        rows = [[str(category), *("" if at >= len(column) else f"{column[at]}" for column in columns)]
                for at, category in enumerate(plot.categories)]  # fmt: skip
        outline.add(BlockType.TABLE, pipe_table([header, *rows]))
