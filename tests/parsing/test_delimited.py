import pytest

from rage_assets.blocks.parsing import outline as outlines
from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.delimited import DelimitedParser


def shown(document):
    return [(block.type.value, block.text, block.metadata["rows"]) for block in document.blocks]


def table(*rows):
    lines = ["| " + " | ".join(row.split(",")) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0].split(",")), *lines[1:]])


def test_lines_above_the_table_are_a_paragraph(parse):
    for text in (
        "Sales report\nof May\n\nid,name,price\n1,a,2.5\n2,b,3\n",
        "Sales report,,\nof May,,\n,,\nid,name,price\n1,a,2.5\n2,b,3\n",
    ):
        assert shown(parse(text, "a.csv")) == [
            ("paragraph", "Sales report\nof May", [1, 2]),
            ("table", table("id,name,price", "1,a,2.5", "2,b,3"), [5, 6]),
        ]


def test_tables_parted_by_blank_lines_have_their_own_headers(parse):
    assert shown(parse("name,n\nx,2\ny,4\n\ncity,pop\nz,6\n\na,b,c\n1,2,3\n", "a.csv")) == [
        ("table", table("name,n", "x,2", "y,4"), [2, 3]),
        ("table", table("city,pop", "z,6"), [6, 6]),
        ("table", table("a,b,c", "1,2,3"), [9, 9]),
    ]


def test_a_blank_line_within_a_table_ends_nothing(parse):
    assert shown(parse("name,n\nx,2\n\ny,4\n", "a.csv")) == [("table", table("name,n", "x,2", "y,4"), [2, 4])]


def test_a_table_without_header_repeats_no_row(parse):
    rows = "".join(f"{at},{'word ' * 20},2024-01-02\n" for at in range(100))
    blocks = parse(rows, "a.csv").blocks
    assert len(blocks) > 3
    assert blocks[0].metadata["rows"][0] == 1
    assert sum(block.text.count("| 0 |") for block in blocks) == 1


def test_years_may_name_columns(parse):
    assert shown(parse("land,2019,2020\nDE,1,2\nFR,3,4\nIT,5,6\n", "a.csv"))[0][2] == [2, 4]


@pytest.mark.parametrize(
    "text",
    ["'a b','c;d'\n'e','f'\n", 'sep=,\na b,"c;d"\ne,f\n', 'a b, "c;d"\ne, "f"\n', "a b\tc;d\ne\tf\n", "a b^c;d\ne^f\n"],
)
def test_dialects_are_found(parse, text):
    assert parse(text, "a.csv").blocks[0].text == table("a b,c;d", "e,f")


def test_a_backslash_before_a_quote_belongs_to_it(parse):
    assert '| x "y" z | 2 |' in parse('a,b\n"x \\"y\\" z",2\n', "a.csv").blocks[0].text


def test_a_quote_that_nothing_closes_swallows_no_rows(parse):
    assert parse('a,b\n"x,2\ny,3\nz,4\n', "a.csv").blocks[0].text == table("a,b", '"x,2', "y,3", "z,4")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings_are_found(parse, encoding):
    assert parse("Größe;Name\nä;1\nö;2\n".encode(encoding), "a.csv").blocks[0].text == table("Größe,Name", "ä,1", "ö,2")


def test_an_encoding_that_shows_late_is_found(parse):
    text = "id,name\n" + "1,plain words\n" * 20_000 + "2,Größe für Füße\n" * 50
    assert "Größe für Füße" in parse(text.encode("cp1252"), "a.csv").blocks[-1].text


def test_a_file_is_read_in_pieces_and_nothing_is_held(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("id,text\n" + "".join(f"{at},some words of text\n" for at in range(100_000)))
    monkeypatch.setattr(Content, "data", property(lambda content: pytest.fail("the whole file was asked for")))
    most, rows = 0, 0

    def take(outline):
        nonlocal most, rows
        most = max(most, len(outline.blocks))
        rows += sum(block.text.count("\n") - 1 for block in outline.blocks)

    token = outlines.sink.set(take)
    try:
        take(DelimitedParser().parse(Content(path, "a.csv", "text/csv")))
    finally:
        outlines.sink.reset(token)
    assert rows == 100_000
    assert most <= 500
