"""Files that mean harm: each ends with a reason or as a small document, soon, and nothing is read or fetched."""

import io
import time
import zipfile

import pytest

from rage_assets.blocks.parsing import parse_file
from resources.errors import ParseFailed
from tests.egress.test_client import serving
from tests.hostile import files

MANY = 100_000
SOON_S = 20.0  # on a busy machine; what these bounds are for takes minutes or all memory without them


def outcome(data: bytes, name: str) -> str:
    """The reason for which a file is refused, or what was made of it."""
    began = time.monotonic()
    try:
        document = parse_file(data, name)
    except ParseFailed as error:
        result = error.reason
    else:
        result = "\n".join(block.text for block in document.blocks)
    assert time.monotonic() - began < SOON_S
    return result


XML_KINDS = {
    "a.xml": lambda before, text: f"{before}<l>{text}</l>".encode(),
    "a.docx": files.docx,
    "a.epub": files.epub,
    "a.xlsx": lambda before, text: files.xlsx(before=before, rows=files.CELL.format(text)),
    "strings.xlsx": lambda before, text: files.xlsx(sharedStrings=f"{before}<sst><si><t>{text}</t></si></sst>"),
    "a.pptx": files.pptx,
}


@pytest.mark.parametrize("name", XML_KINDS)
def test_the_same_files_without_harm_are_read(name):
    assert outcome(XML_KINDS[name]("", "good text"), name) not in {"broken", "unsupported_format", "too_large"}


@pytest.mark.parametrize("name", XML_KINDS)
@pytest.mark.parametrize("before", [files.LAUGHS, files.QUADRATIC], ids=["laughs", "quadratic"])
def test_entities_that_multiply_are_refused(name, before):
    assert outcome(XML_KINDS[name](before, "&j;" * 1000), name) == "broken"


@pytest.mark.parametrize("name", XML_KINDS)
@pytest.mark.parametrize("kind", [files.outside, files.outside_parameter, files.outside_subset])
def test_nothing_is_read_or_fetched_for_an_xml_file(name, kind, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("canary-secret")
    with serving() as server:
        for url in (server.url("/x.dtd"), secret.as_uri(), "file:///etc/passwd"):
            result = outcome(XML_KINDS[name](kind(url), "&j;" if kind is not files.outside_subset else "text"), name)
            assert "canary" not in result
            assert "root:" not in result
            # a document type without entities is usual in articles, where it stays unread
            assert result == "broken" or (kind is files.outside_subset and name in ("a.xml", "a.docx", "a.epub"))
        assert server.hits == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_another_encoding_hides_no_document_type(encoding):
    strings = f"<?xml version='1.0'?>{files.LAUGHS}<sst><si><t>&j;</t></si></sst>".encode(encoding)
    data = files.xlsx()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert outcome(files.zipped(parts | {"xl/sharedStrings.xml": strings}), "a.xlsx") == "broken"


def test_a_document_type_behind_a_long_comment_is_refused():
    comment = f"<!--{'x' * 300_000}-->"
    data = files.xlsx(sharedStrings=f"{comment}<!DOCTYPE l [<!ENTITY a 'b'>]><sst><si><t>&a;</t></si></sst>")
    assert outcome(data, "a.xlsx") == "broken"


def _docx_with(parts, method=zipfile.ZIP_DEFLATED):
    return files.zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": "<a/>"} | parts, method)


ZIPS = {
    "a bomb": lambda: files.zipped({"[Content_Types].xml": "", "word/document.xml": b"\0" * 120_000_000}),
    "a bomb of many": lambda: _docx_with({f"word/{at}.xml": b"\0" * 2_000_000 for at in range(100)}),
    "overlapping": files.overlapping,
    "too many": lambda: _docx_with({f"word/{at}": "" for at in range(20_001)}),
    "a directory of nothing": lambda: b"PK\3\4" + b"PK\1\2" * 300_000,
    "lzma": lambda: _docx_with({}, zipfile.ZIP_LZMA),
    "bzip2": lambda: _docx_with({}, zipfile.ZIP_BZIP2),
    "traversal": lambda: _docx_with({"word/../../../etc/cron.d/x": "x"}),
    "traversal by backslash": lambda: _docx_with({"word\\..\\..\\x": "x"}),
    "cut": lambda: files.docx("", "text")[:-30],
    "bad bytes": lambda: files.docx("", "text" * 1000).replace(b"\x4d\x8e", b"\xff\xff")[:200] + b"\xff" * 500,
}  # fmt: skip


@pytest.mark.parametrize("kind", ZIPS)
@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.pptx", "a.epub", "a.odt"])
def test_archives_that_mean_harm_are_refused(kind, name):
    assert outcome(ZIPS[kind](), name) == "broken"


def test_a_member_that_unpacks_to_more_than_it_says_is_refused():
    data = bytearray(files.zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": b"<a>" + b"x" * 1_000_000}))
    place = data.rindex(b"PK\1\2")
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")
    assert outcome(bytes(data), "a.docx") == "broken"


def test_an_archives_named_type_is_no_way_to_crash():
    data = bytearray(files.zipped({"mimetype": "application/epub+zip" * 5, "x": "y"}))
    place = data.index(b"mimetype") + 8
    data[place : place + 6] = b"\xff" * 6
    assert outcome(bytes(data), "a.epub") in {"broken", "unsupported_format"}


NESTED = {
    "a.json": b"[" * MANY + b"]" * MANY,
    "object.json": b'{"a":' * MANY + b"1" + b"}" * MANY,
    "open.json": b"[" * MANY,
    "a.jsonl": b"[" * MANY + b"]" * MANY,
    "a.ipynb": b"[" * MANY + b"]" * MANY,
    "a.xml": b"<a>" * MANY + b"x" + b"</a>" * MANY,
    "lists.html": b"<ul><li>" * MANY + b"x",
    "div.html": b"<div>" * MANY + b"x",
    "table.html": b"<table><tr><td>" * 20_000 + b"x",
    "bold.html": b"<b>" * MANY + b"x",
    "quote.md": b">" * MANY + b" x",
    "list.md": b"- " * MANY + b"x",
    "html.md": b"<div>\n" * MANY,
    "front.md": b"---\na: " + b"[" * 40_000 + b"\n---\nText",
    "map.md": b"---\na: " + b"{a: " * 20_000 + b"\n---\nText",
    "a.py": b"(" * MANY + b")" * MANY,
    "minus.py": b"-" * MANY + b"1",
    "dots.py": b"a" + b".a" * MANY,
    "a.eml": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * 3000,
    "message.eml": b"Content-Type: message/rfc822\n\n" * 5000,
    "tables.docx": files.docx("", "</w:t></w:r></w:p>" + "<w:tbl><w:tr><w:tc>" * 5000),
}


@pytest.mark.parametrize("name", NESTED)
def test_no_nesting_is_a_crash(name):
    outcome(NESTED[name], name)


MULTIPLYING = {
    "header.csv": b"h" * 500_000 + b",x\n" + b"a,b\n" * 200_000,
    "wide.csv": b",".join([b"h"] * MANY) + b"\n" + b"a\n" * MANY,
    "path.json": b'{"' + b"k" * 50_000 + b'":[' + b",".join([b"[1]"] * 50_000) + b"]}",
    "heading.md": b"# " + b"h" * 1_000_000 + b"\n\n" + b"x\n\n" * MANY,
    "spans.html": b"<table>" + b"<tr><th rowspan=100 colspan=100>x" * 3000,
}
AREAS = ["A1:XFD1048576", "$A$1:$XFD$1048576", "A:XFD", "1:1048576", "XFD1048576:A1"]


@pytest.mark.parametrize("name", MULTIPLYING)
def test_a_small_file_does_not_become_a_huge_text(name):
    assert outcome(MULTIPLYING[name], name) == "too_large"


@pytest.mark.parametrize("area", AREAS)
def test_areas_of_a_sheet_that_hold_millions_of_cells_make_no_more_text(area):
    assert outcome(files.xlsx(f'<mergeCells><mergeCell ref="{area}"/></mergeCells>'), "a.xlsx") == "S\nhello"
    assert outcome(files.xlsx(f'<hyperlinks><hyperlink ref="{area}" location="x"/></hyperlinks>'), "a.xlsx") == "S\nhello"


def test_usual_areas_of_a_sheet_are_read():
    assert "hello" in outcome(files.xlsx('<mergeCells><mergeCell ref="A1:C3"/></mergeCells>'), "a.xlsx")


def test_one_far_cell_makes_no_large_table():
    assert outcome(files.xlsx(rows='<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), "a.xlsx") == "S\n1"


def _numbered(level: str, start: str, form: str) -> bytes:
    numbering = (
        f'<w:numbering xmlns:w="w"><w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="{start}"/>'
        f'<w:numFmt w:val="{form}"/><w:lvlText w:val="%1"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num></w:numbering>'
    )
    number = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>'
    item = f"<w:p><w:pPr>{number}</w:pPr><w:r><w:t>item</w:t></w:r></w:p>"
    body = f'<w:document xmlns:w="w"><w:body>{item}</w:body></w:document>'
    return files.zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": body, "word/numbering.xml": numbering})


@pytest.mark.parametrize(("level", "start"), [("999999999", "1"), ("0", "999999999999")])
def test_numbers_in_a_file_are_no_sizes(level, start):
    result = outcome(_numbered(level, start, "lowerLetter"), "a.docx")
    assert result.endswith("item")
    assert len(result) < 5000


_MERGES = "".join(f"k{at}: &k{at} {{<<: [{','.join([f'*k{at - 1}' if at else '*a'] * 9)}]}}\n" for at in range(12))
_ALIASES = "".join(f"{chr(98 + at)}: &{chr(98 + at)} [{','.join([f'*{chr(97 + at)}'] * 9)}]\n" for at in range(9))


@pytest.mark.parametrize(
    "matter",
    [
        f"a: &a [x]\n{_ALIASES}",
        f"a: &a {{b: 1}}\n{_MERGES}",
        "a: &x {k: *x}",
        "a: !!python/object/apply:os.system ['touch {marker}']",
        "a: !!python/name:os.system",
    ],
)
def test_front_matter_is_plain_values(matter, tmp_path):
    marker = tmp_path / "marker"
    result = outcome(f"---\n{matter.replace('{marker}', str(marker))}\n---\nText".encode(), "a.md")
    assert result.endswith("Text")
    assert len(result) < 10_000
    assert not marker.exists()


SLOW = {
    "images.md": b"![[]()" * MANY,
    "brackets.md": b"[" * MANY,
    "links.md": b"[a](" * MANY,
    "stars.md": b"*a **a " * MANY,
    "ticks.md": b"".join(b"`" * at + b" " for at in range(1500)),
    "comments.docx": b"<!---->" * 580 + b"x",
    "comments.html": b"<!--" * MANY,
    "voices.vtt": b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"<v " * 2 * MANY,
    "blank.js": b"x\n" + b"\n" * 3 * MANY + b"y",
    "export.js": b"export\n" * MANY,
    "func.go": b"func (\n" * MANY,
    "addresses.eml": b"To: " + b"a@b, " * 50_000 + b"\n\nText",
    "words.eml": b"Subject: " + b"=?utf-8?q?a?=" * 20_000 + b"\n\nText",
    "parameters.eml": b"Content-Type: text/plain; " + b'a="b"; ' * 50_000 + b"\n\nText",
    "punycode.eml": b"Content-Type: text/plain; charset=punycode\n\n" + b"a" * 300_000 + b"-" + b"b9" * 150_000,
    "punycode.txt": b"coding: punycode\n\xff" + b"a" * 300_000 + b"-" + b"b9" * 150_000,
    "zlib.txt": b"coding: zlib\n\xff abc",
    "dots.txt": b". " * 1_000_000,
    "rules.rst": b"=\n" * 300_000,
    "fields.csv": b'"' + b"a" * 20_000_000,
    "commas.csv": b"," * 5_000_000,
    "digits.json": b"1" * 5_000_000,
    "start.html": b"<ol start=" + b"9" * 5000 + b"><li>x</ol>",
}  # fmt: skip


@pytest.mark.parametrize("name", SLOW)
def test_no_text_is_slow_by_more_than_its_length(name):
    outcome(SLOW[name], name)


def test_a_chapter_that_a_book_names_a_thousand_times_is_read_once():
    manifest = "<manifest><item id='a' href='a.html'/></manifest>"
    package = f"<package>{manifest}<spine>" + "<itemref idref='a'/>" * 1000 + "</spine></package>"
    container = "<container><rootfile full-path='o.opf'/></container>"
    parts = {"META-INF/container.xml": container, "o.opf": package, "a.html": "<p>chapter"}
    assert outcome(files.zipped({"mimetype": "application/epub+zip"} | parts), "a.epub") == "chapter"


def test_an_archive_within_a_document_is_not_unpacked():
    inner = files.zipped({"x": b"\0" * 50_000_000})
    layers = files.zipped({f"{at}.zip": inner for at in range(10)}, zipfile.ZIP_STORED)
    with zipfile.ZipFile(io.BytesIO(files.docx("", "text"))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert outcome(files.zipped(parts | {"word/embeddings/a.zip": layers}), "a.docx") == "text"
