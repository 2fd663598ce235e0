import io

import pytest


def test_a_sheet_is_a_heading_and_its_tables(parse):
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is not installed")
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    book.active.title = "Ducks"
    for row in (["Year", "Count"], [2024, 7.5], [], ["Note"]):
        book.active.append(row)
    book.save(buffer)
    blocks = parse(buffer.getvalue(), "a.xlsx").blocks
    assert [(block.type.value, block.text) for block in blocks] == [
        ("heading", "Ducks"),
        ("table", "| Year | Count |\n| --- | --- |\n| 2024 | 7.5 |"),
        ("paragraph", "Note"),
    ]
    assert blocks[1].metadata == {"sheet": "Ducks", "rows": [2, 2]}


def test_a_slide_is_a_page_with_its_title_and_points(parse):
    pptx = pytest.importorskip("pptx", reason="python-pptx is not installed")
    deck, buffer = pptx.Presentation(), io.BytesIO()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Lakes"
    slide.placeholders[1].text = "deep\ncold"
    slide.notes_slide.notes_text_frame.text = "say it slowly"
    deck.save(buffer)
    blocks = parse(buffer.getvalue(), "a.pptx").blocks
    assert [(block.text, block.page) for block in blocks] == [("Lakes", 1), ("- deep\n- cold", 1), ("say it slowly", 1)]
