import struct

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment

from rage_assets.blocks.parsing.archives.archive import Archive
from resources.errors import ParseFailed
from tests.parsing.small_files import zipped
from tests.parsing.small_xlsx import MAIN, raw, saved, sheet


def tables(document):
    return [block.text for block in document.blocks if block.type.value == "table"]


def test_a_sheet_is_a_heading_and_its_tables(parse):
    blocks = parse(sheet({"A1": "Year", "B1": "Count", "A2": 2024, "B2": 7.5, "A4": "Note"}), "a.xlsx").blocks
    assert [(block.type.value, block.text) for block in blocks] == [
        ("heading", "S"),
        ("table", "| Year | Count |\n| --- | --- |\n| 2024 | 7.5 |"),
        ("paragraph", "Note"),
    ]
    assert blocks[1].metadata == {"sheet": "S", "rows": [2, 2], "cells": "A1:B2"}


def test_tables_beside_each_other_stand_apart(parse):
    cells = {"A1": "a", "B1": "b", "A2": 1, "B2": 2, "A3": 3, "B3": 4, "E2": "x", "F2": "y", "E3": 5, "F3": 6}
    assert tables(parse(sheet(cells), "a.xlsx")) == [
        "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |",
        "| x | y |\n| --- | --- |\n| 5 | 6 |",
    ]


def test_a_column_of_values_belongs_to_the_labels_across_a_gap(parse):
    cells = {"A1": "Name:", "C1": "Ann", "A2": "City:", "C2": "Rome"}
    assert tables(parse(sheet(cells), "a.xlsx")) == ["| Name: | Ann |\n| --- | --- |\n| City: | Rome |"]


def test_a_merged_title_stands_above_its_table_and_a_merged_cell_once(parse):
    cells = {"A1": "Costs", "A2": "a", "B2": "b", "A3": "both", "A4": 1, "B4": 2}
    blocks = parse(sheet(cells, ["A1:B1", "A3:B3"]), "a.xlsx").blocks
    assert [block.text for block in blocks[1:]] == ["Costs", "| a | b |\n| --- | --- |\n| both |  |\n| 1 | 2 |"]


def test_a_merged_cell_keeps_rows_together(parse):
    cells = {"A1": "a", "B1": "b", "A2": "tall", "B2": 1, "A4": "next", "B4": 2}
    assert len(tables(parse(sheet(cells, ["A2:A3"]), "a.xlsx"))) == 1


def test_a_chart_is_its_title_kind_and_numbers(parse):
    from rage_assets.blocks.parsing.archives.archive import parse_xml
    from rage_assets.blocks.parsing.office.charts import add_chart
    from rage_assets.blocks.parsing.outline import Outline

    def cache(values):
        return "".join(f'<pt idx="{at}"><v>{value}</v></pt>' for at, value in enumerate(values))

    xml = (
        '<chartSpace xmlns="c" xmlns:a="a"><chart><title><a:p><a:t>Ducks</a:t></a:p></title><plotArea><barChart><ser>'
        f"<tx><strRef><strCache>{cache(['Share'])}</strCache></strRef></tx>"
        f"<cat><strRef><strCache>{cache(['Q1', 'Q2'])}</strCache></strRef></cat>"
        f"<val><numRef><numCache><formatCode>0%</formatCode>{cache([0.5, 0.25])}</numCache></numRef></val>"
        "</ser></barChart></plotArea></chart></chartSpace>"
    )
    outline = Outline()
    add_chart(outline, parse_xml(xml.encode()))
    assert [(block.type.value, block.text) for block in outline.blocks] == [
        ("paragraph", "Ducks"),
        ("image", "Bar chart"),
        ("table", "|  | Share |\n| --- | --- |\n| Q1 | 50% |\n| Q2 | 25% |"),
    ]


def test_a_chart_stands_where_it_floats(parse):
    book = openpyxl.Workbook()
    for place, value in {"A1": "a", "B1": "b", "A2": "x", "B2": 2, "A30": "below"}.items():
        book.active[place] = value
    chart = BarChart()
    chart.add_data(Reference(book.active, min_col=2, min_row=1, max_row=2), titles_from_data=True)
    book.active.add_chart(chart, "D10")
    blocks = parse(saved(book), "a.xlsx").blocks
    assert [block.type.value for block in blocks] == ["heading", "table", "image", "paragraph"]


def test_comments_have_author_and_cell(parse):
    book = openpyxl.Workbook()
    book.active["B2"] = "x"
    book.active["B2"].comment = Comment("Ann:\nreally?", "Ann")
    block = parse(saved(book), "a.xlsx").blocks[-1]
    assert block.text == "Ann: really?"
    assert block.metadata == {"role": "comment", "author": "Ann", "sheet": "Sheet", "cells": "B2"}


def test_a_thread_of_comments_replaces_its_copy_for_old_programs(parse):
    data = raw(
        '<sheetData><row><c t="str"><v>x</v></c></row></sheetData>',
        comments=f'<comments {MAIN}><authors><author>tc={{1}}</author></authors><commentList><comment ref="A1" authorId="0">'
        "<text><t>[Threaded comment] Your version</t></text></comment></commentList></comments>",
        threadedComment='<T><threadedComment ref="A1" dT="2026-01-02T03:04" personId="p">'
        "<text>why</text></threadedComment></T>",
        person='<P><person id="p" displayName="Ann"/></P>',
    )
    assert [block.text for block in parse(data, "a.xlsx").blocks] == ["S", "x", "Ann, 2026-01-02T03:04: why"]


def test_text_boxes_are_read(parse):
    drawing = (
        '<d xmlns:a="a"><anchor><from><col>1</col><row>2</row></from><sp><txBody><a:p><a:r><a:t>boxed</a:t></a:r></a:p>'
        "</txBody></sp></anchor></d>"
    )
    document = parse(raw("<sheetData/>", drawing=drawing), "a.xlsx")
    assert [block.text for block in document.blocks] == ["S", "boxed"]


def test_a_hidden_sheet_is_named_but_not_read(parse):
    book = openpyxl.Workbook()
    book.active["A1"] = "seen"
    hidden = book.create_sheet("Secret")
    hidden["A1"] = "unseen"
    hidden.sheet_state = "hidden"
    document = parse(saved(book), "a.xlsx")
    assert [block.text for block in document.blocks] == ["Sheet", "seen"]
    assert document.blocks[0].metadata["hidden_sheets"] == ["Secret"]


def test_a_book_of_blank_sheets_has_no_text(reason):
    assert reason(saved(openpyxl.Workbook()), "a.xlsx") == "no_text"


def test_cells_that_do_not_say_where_they_stand_follow_each_other(parse):
    rows = '<sheetData><row><c><v>1</v></c><c t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c></row></sheetData>'
    assert parse(raw(rows), "a.xlsx").blocks[1].text == "| 1 | ab |\n| --- | --- |"


def test_a_long_table_keeps_its_header(parse):
    book = openpyxl.Workbook()
    book.active.append(["id", "text"])
    for at in range(5000):
        book.active.append([at, "some words"])
    blocks = parse(saved(book), "a.xlsx").blocks[1:]
    assert all(block.text.startswith("| id | text |") for block in blocks)
    assert sum(block.text.count("\n") - 1 for block in blocks) == 5000
    assert blocks[-1].metadata["rows"][1] == 5001


def test_a_long_table_keeps_its_header_below_a_title(parse):
    book = openpyxl.Workbook()
    book.active.append(["Report"])
    book.active.append(["id", "text"])
    for at in range(5000):
        book.active.append([at, "some words"])
    title, *parts = parse(saved(book), "a.xlsx").blocks[1:]
    assert (title.text, title.metadata["cells"]) == ("Report", "A1")
    assert all(part.text.startswith("| id | text |\n") for part in parts)
    assert [line.split(" | ")[0] for part in parts for line in part.text.split("\n")[2:]] == [f"| {n}" for n in range(5000)]


def test_the_cells_of_a_part_are_those_of_its_rows(parse):
    book = openpyxl.Workbook()
    book.active.append(["id", "text"])
    for at in range(5000):
        book.active.append([at, "some words"])
    first, *parts = [block.metadata for block in parse(saved(book), "a.xlsx").blocks[1:]]
    assert (first["rows"][0], first["cells"]) == (2, f"A1:B{first['rows'][1]}")
    assert [part["cells"] for part in parts] == ["A{}:B{}".format(*part["rows"]) for part in parts]


def test_a_header_that_nothing_follows_comes_once(parse):
    book = openpyxl.Workbook()
    for row in [
        ["id", "text"],
        *([at, "x"] for at in range(1999)),
        [None, None, None, "far", "away"],
        [None, None, None, 1, 2],
    ]:
        book.active.append(row)
    texts = [block.text for block in parse(saved(book), "a.xlsx").blocks[1:]]
    assert all(text.count("\n") > 1 for text in texts)
    assert texts[-1] == "| far | away |\n| --- | --- |\n| 1 | 2 |"


def test_areas_of_a_whole_sheet_take_no_memory(parse):
    rows = (
        '<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row></sheetData>'
    )
    merges = "<mergeCells>" + '<mergeCell ref="A1:XFD1048576"/>' * 5000 + "</mergeCells>"
    assert [block.text for block in parse(raw(rows + merges), "a.xlsx").blocks] == ["S", "1", "2"]


def ods(body, **facts):
    names = ("office", "table", "text", "style", "drawing")
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names)
    spaces += ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    return zipped({
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": f"<office:document-content {spaces}>{facts.get('styles', '')}<office:body><office:spreadsheet>{body}"
        "</office:spreadsheet></office:body></office:document-content>",
    })  # fmt: skip


def test_cells_of_opendocument_are_as_shown(parse):
    cells = (
        "<table:table-row><table:table-cell><text:p>Share</text:p></table:table-cell>"
        '<table:table-cell table:number-columns-repeated="2"><text:p>n</text:p></table:table-cell></table:table-row>'
        '<table:table-row><table:table-cell office:value-type="percentage" office:value="0.125"><text:p>12.5%</text:p>'
        "<office:annotation><dc:creator>Ann</dc:creator><text:p>sure?</text:p></office:annotation></table:table-cell>"
        '<table:table-cell office:value-type="float" office:value="7"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="1024"/></table:table-row>'
    )
    blocks = parse(ods(f'<table:table table:name="S">{cells}</table:table>'), "a.ods").blocks
    assert [block.text for block in blocks] == [
        "S",
        "| Share | n | n |\n| --- | --- | --- |\n| 12.5% | 7 |  |",
        "Ann: sure?",
    ]
    assert blocks[1].metadata["cells"] == "A1:C2"


def test_a_cell_of_opendocument_repeated_without_end_is_refused(reason):
    row = (
        '<table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384">'
        "<text:p>x</text:p></table:table-cell></table:table-row>"
    )
    assert reason(ods(f'<table:table table:name="S">{row * 20}</table:table>'), "a.ods") == "too_large"


def test_the_xml_of_excel_2003_is_read(parse):
    cell = '<Cell{}><Data ss:Type="{}">{}</Data></Cell>'
    rows = f"<Row>{cell.format('', 'String', 'Name')}{cell.format('', 'String', 'When')}</Row>"
    date = cell.format(' ss:Index="2"', "DateTime", "2024-03-01T00:00:00.000")
    rows += f"<Row>{cell.format('', 'Number', '7.0')}{date}</Row>"
    spaces = 'xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
    xml = f'<?xml version="1.0"?><Workbook {spaces}><Worksheet ss:Name="S"><Table>{rows}</Table></Worksheet></Workbook>'
    assert [block.text for block in parse(xml, "a.xls").blocks] == [
        "S",
        "| Name | When |\n| --- | --- |\n| 7 | 2024-03-01 |",
    ]


def test_text_under_the_name_of_a_workbook_is_read_as_text(parse):
    assert parse("a\tb\n1\t2\n", "a.xls").blocks[0].text == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_a_damaged_binary_workbook_is_broken(reason):
    assert reason(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "a.xls") == "broken"


def test_records_that_say_more_than_memory_holds_are_refused(reason):
    def record(kind, *numbers):
        body = struct.pack(f"<{len(numbers)}I", *numbers)
        return struct.pack("<HH", kind, len(body)) + body

    start = record(0x0809, 0x00100600, 0, 0, 0)
    assert reason(start + record(0x00FC, 9, 0xFFFFFFF0), "a.xls") == "broken"  # texts
    assert reason(start + record(0x0200, 0, 0xFFFFFF, 0xFFFF0000) + bytes(2), "a.xls") == "broken"
    corner = record(0x0203, 0, 0, 0) + record(0x0203, 0xFFFFFFFF, 0, 0)
    assert reason(start + corner, "a.xls") == "too_large"


def test_an_empty_part_does_not_make_a_package_broken():
    Archive(zipped({"a.xml": "", "b.xml": "<b/>"})).refuse_doctypes()
    with pytest.raises(ParseFailed):
        Archive(zipped({"a.xml": "", "b.xml": "<!DOCTYPE b><b/>"})).refuse_doctypes()
