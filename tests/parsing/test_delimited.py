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


def lines(count, form):
    return "".join(form.format(n=at, d=at % 10, c=at * 25 % 100) for at in range(count))


FILES = {
    "decimal commas below a header": ("Zeit;U;I\n" + lines(150, "0,{d};{d},50;0,{c:03}\n"), ["0,1", "1,50", "0,025"]),
    "decimal commas without a header": (lines(30, "0,{d};{d},50;0,{c:03}\n"), ["0,1", "1,50", "0,025"]),
    "one column of decimal commas": ("id;Wert\n" + lines(20, "{n};-1.234,{c:02}\n"), ["1", "-1.234,25"]),
    "decimal commas between tabs": (lines(20, "1,{d}\t2,5E-03\t{d},0 %\n"), ["1,1", "2,5E-03", "1,0 %"]),
    "decimal commas in even columns": (lines(20, "0,{d};   2,5;  13,50\n"), ["0,1", "2,5", "13,50"]),
    "decimal commas with signs and units": (lines(20, "<0,{d};EUR 2,5;1,5-2,5 mg/l\n"), ["<0,1", "EUR 2,5", "1,5-2,5 mg/l"]),
    "decimal commas between pipes": (lines(20, "1,{d}|2,5|3,5\n"), ["1,1", "2,5", "3,5"]),
    "commas in quotes between semicolons": (
        "name;street;note\n" + lines(300, '"Ann {n}";"Way {n}, 2nd floor";"a, b, c"\n'),
        ["Ann 1", "Way 1, 2nd floor", "a, b, c"]
    ),
    "semicolons in quotes between commas": (lines(300, '{n},"a; b; c","d;e"\n'), ["1", "a; b; c", "d;e"]),
    "commas in one text between semicolons": (lines(50, "{n};big, old, grey town;x\n"), ["1", "big, old, grey town", "x"]),
    "commas in all texts between tabs": (lines(50, "{n}\tDoe, Ann\tRome, Italy\n"), ["1", "Doe, Ann", "Rome, Italy"]),
    "line breaks in quotes": (
        "id;text\n" + lines(50, '{n};"one, two,\nthree; ""four""\n\nfive"\n'), ["1", 'one, two, three; "four" five']
    ),
    "lists with semicolons between commas": ("id,tags\n" + lines(50, "{n},red;blue\n"), ["1", "red;blue"]),
    "pairs in all fields": ("from,to\n" + lines(50, "a;{n},c;d\n"), ["a;1", "c;d"]),
    "pairs of numbers between commas": ("id,place\n" + lines(50, "{n},52.{c:02};13.4\n"), ["1", "52.25;13.4"]),
    "times to the second": (lines(50, "2024-01-01T12:30:{c:02},5,a\n"), ["2024-01-01T12:30:25", "5", "a"]),
    "addresses": ("a;url\n" + lines(50, "{n};https://a.b/c?d={n}\n"), ["1", "https://a.b/c?d=1"]),
    "a line with commas above": ("Site 3, hall 4\nm;n\n" + lines(50, "{n};2,{d}\n"), ["1", "2,1"]),
    "lines above without a delimiter": ("Report\nof May\nn;m\n" + lines(50, "{n}, x;1,5\n"), ["1, x", "1,5"]),
    "thousands": (lines(50, "{n}\t1,234,567.{c:02}\t$1,234\n"), ["1", "1,234,567.25", "$1,234"]),
    "colons": (lines(50, "root{n}:x:0:/bin/sh\n"), ["root1", "x", "0", "/bin/sh"]),
    "rows without their last fields": (
        "a\tb\tc\td\n" + lines(30, "{n}\tx\tDoe, Ann\n{n}\tx\tDoe, Ann\ty\n"), ["1", "x", "Doe, Ann", ""]
    ),
    "one column of decimals": ("Wert\n" + lines(30, "0,{d}\n"), ["0,1"]),
    "one column of quoted names": ("name\n" + lines(30, '"Doe, Ann {n}"\n'), ["Doe, Ann 1"]),
    "one column of times": (lines(30, "12:{c:02}\n"), ["12:25"]),
    "one column of addresses": (lines(30, "https://a.b/{n}\n"), ["https://a.b/1"]),
    "one column of sentences": (
        "text\n" + lines(9, "Word {n}\nHello, world {n}.\nThis, well, is {n}.\nNo.\nOne, two, three, {n}.\n"),
        ["Hello, world 1."]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_fields_are_parted_where_the_writer_parted_them(parse, name):
    text, row = FILES[name]
    for written in (text, text.replace("\n", "\r\n")):
        found = [line for block in parse(written, "a.csv").blocks for line in block.text.split("\n")]
        assert f"| {' | '.join(row)} |" in found


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
