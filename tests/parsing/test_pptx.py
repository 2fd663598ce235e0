import io
import zipfile

import pptx
from PIL import Image
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from rage_assets.blocks.parsing.archives.archive import parse_xml
from rage_assets.blocks.parsing.office.drawings import diagram


def saved(deck):
    buffer = io.BytesIO()
    deck.save(buffer)
    return buffer.getvalue()


def blank(deck, layout=6):
    return deck.slides.add_slide(deck.slide_layouts[layout])


def box(shapes, text, left, top, width=2.0, height=0.5):
    shape = shapes.add_textbox(Inches(left), Inches(top), Inches(width), Inches(height))
    shape.text_frame.text = text
    return shape


def kinds(document):
    return [(block.type.value, block.text) for block in document.blocks]


def test_a_slide_is_a_page_with_its_title_and_points(parse):
    deck = pptx.Presentation()
    slide = blank(deck, 1)
    slide.shapes.title.text = "Lakes"
    slide.placeholders[1].text = "deep\ncold"
    slide.notes_slide.notes_text_frame.text = "say it slowly"
    blocks = parse(saved(deck), "a.pptx").blocks
    assert [(block.text, block.page) for block in blocks] == [("Lakes", 1), ("- deep\n- cold", 1), ("say it slowly", 1)]
    assert blocks[2].metadata == {"role": "note"}


def test_a_slide_without_a_title_is_no_part_of_the_one_before_it(parse):
    deck = pptx.Presentation()
    slide = blank(deck, 1)
    slide.shapes.title.text = "Budget"
    slide.placeholders[1].text = "We spend."
    box(blank(deck).shapes, "Thirty days a year.", 1, 1)
    blocks = parse(saved(deck), "a.pptx").blocks
    assert [(block.text, block.section, block.page) for block in blocks] == [
        ("Budget", [], 1),
        ("We spend.", ["Budget"], 1),
        ("Thirty days a year.", [], 2),
    ]


def test_columns_are_read_one_after_the_other(parse):
    deck = pptx.Presentation()
    slide = blank(deck)
    for text, left, top in (("R1", 6, 1), ("L2", 1, 1.7), ("L1", 1, 1.02), ("R2", 6, 1.7)):
        box(slide.shapes, text, left, top)
    box(slide.shapes, "below", 1, 6, 8)
    assert [block.text for block in parse(saved(deck), "a.pptx").blocks] == ["L1", "L2", "R1", "R2", "below"]


def test_the_shapes_of_a_group_stay_together(parse):
    deck = pptx.Presentation()
    slide = blank(deck)
    box(slide.shapes, "first", 1, 0.2)
    group = slide.shapes.add_group_shape()
    box(group.shapes, "in group", 1, 2)
    box(group.shapes, "also", 1, 4)
    box(slide.shapes, "last", 1, 6)
    assert [block.text for block in parse(saved(deck), "a.pptx").blocks] == ["first", "in group", "also", "last"]


def test_lines_without_bullets_are_paragraphs_beside_the_list(parse):
    deck = pptx.Presentation()
    slide = blank(deck, 1)
    slide.placeholders[1].text = "Points:\na\nb"
    properties = slide.placeholders[1].text_frame.paragraphs[0]._p.get_or_add_pPr()
    properties.append(properties.makeelement("{http://schemas.openxmlformats.org/drawingml/2006/main}buNone"))
    assert kinds(parse(saved(deck), "a.pptx")) == [("paragraph", "Points:"), ("list", "- a\n- b")]


def test_numbers_of_lists_are_counted(parse):
    deck = pptx.Presentation()
    slide = blank(deck)
    frame = box(slide.shapes, "a\nb", 1, 1).text_frame
    for paragraph in frame.paragraphs:
        properties = paragraph._p.get_or_add_pPr()
        properties.append(
            properties.makeelement("{http://schemas.openxmlformats.org/drawingml/2006/main}buAutoNum", startAt="4")
        )
    assert kinds(parse(saved(deck), "a.pptx")) == [("list", "4. a\n5. b")]


def test_a_merged_cell_stands_once(parse):
    deck = pptx.Presentation()
    table = blank(deck).shapes.add_table(2, 2, 0, 0, Inches(4), Inches(1)).table
    for row, column, text in ((0, 0, "both"), (1, 0, "a"), (1, 1, "b")):
        table.cell(row, column).text = text
    table.cell(0, 0).merge(table.cell(0, 1))
    assert kinds(parse(saved(deck), "a.pptx")) == [("table", "| both |  |\n| --- | --- |\n| a | b |")]


def test_a_charts_data_are_a_table_and_its_workbook_is_no_attachment(parse):
    deck = pptx.Presentation()
    data = CategoryChartData()
    data.categories = ["Q1", "Q2"]
    data.add_series("Ducks", (120, 7.5))
    blank(deck).shapes.add_chart(XL_CHART_TYPE.PIE, 0, 0, Inches(3), Inches(3), data)
    document = parse(saved(deck), "a.pptx")
    assert kinds(document)[-2:] == [
        ("image", "Pie chart"),
        ("table", "|  | Ducks |\n| --- | --- |\n| Q1 | 120 |\n| Q2 | 7.5 |"),
    ]
    assert not document.children


def test_embedded_files_are_attached(parse):
    deck = pptx.Presentation()
    slide = blank(deck)
    box(slide.shapes, "see", 1, 1)
    slide.shapes.add_ole_object(io.BytesIO(b"PK\3\4 a workbook"), "Excel.Sheet.12", 0, 0)
    assert [child.data for child in parse(saved(deck), "a.pptx").children] == [b"PK\3\4 a workbook"]


def test_a_hidden_slide_says_so(parse):
    deck = pptx.Presentation()
    slide = blank(deck)
    box(slide.shapes, "backup", 1, 1)
    slide._element.set("show", "0")
    assert parse(saved(deck), "a.pptx").blocks[0].metadata == {"hidden": True}


def test_a_comment_has_its_author(parse):
    deck = pptx.Presentation()
    box(blank(deck).shapes, "text", 1, 1)
    data = saved(deck)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    link = '<Relationship Id="{0}" Type="http://x/{1}" Target="/ppt/{0}.xml"/></Relationships>'
    for name, part, kind in (("presentation.xml", "people", "commentAuthors"), ("slides/slide1.xml", "said", "comments")):
        folder, _, file = f"ppt/{name}".rpartition("/")
        rels = f"{folder}/_rels/{file}.rels"
        parts[rels] = parts[rels].replace(b"</Relationships>", link.format(part, kind).encode())
    parts["ppt/people.xml"] = b'<l><a id="0" name="Ann"/></l>'
    parts["ppt/said.xml"] = b'<l><cm authorId="0" dt="2026-01-02T03:04"><text>why?</text></cm></l>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    block = parse(buffer.getvalue(), "a.pptx").blocks[-1]
    assert block.text == "Ann: why?"
    assert block.metadata == {"role": "comment", "author": "Ann", "time": "2026-01-02T03:04"}


def test_a_described_picture_is_its_description(parse):
    deck = pptx.Presentation()
    slide = blank(deck)
    buffer = io.BytesIO()
    Image.new("L", (1, 1)).save(buffer, "PNG")
    for text in ("A duck on a lake", "image1.png", "A white bird\n\nDescription automatically generated"):
        slide.shapes.add_picture(io.BytesIO(buffer.getvalue()), 0, 0)._element.nvPicPr.cNvPr.set("descr", text)
    assert kinds(parse(saved(deck), "a.pptx")) == [("image", "A duck on a lake")]


def test_a_diagram_is_nested_as_its_data_are():
    point = '<pt modelId="{}" type="{}"><t><p><r><t>{}</t></r></p></t></pt>'
    points = [("0", "doc", ""), ("1", "node", "Boss"), ("2", "node", "Second"), ("3", "node", "First"), ("9", "pres", "no")]
    links = [("0", "1", 0), ("1", "2", 1), ("1", "3", 0), ("9", "1", 0)]
    xml = "<dataModel><ptLst>" + "".join(point.format(*each) for each in points) + "</ptLst><cxnLst>"
    xml += "".join(f'<cxn srcId="{source}" destId="{target}" srcOrd="{order}"/>' for source, target, order in links)
    found = diagram(parse_xml(f"{xml}</cxnLst></dataModel>".encode()))
    assert [(line.level, line.text) for line in found] == [(0, "Boss"), (1, "First"), (1, "Second")]
