import pytest

from rage_assets.blocks.parsing.office import soffice
from tests.parsing.small_files import docx
from tests.parsing.small_ole import (
    BODY,
    HEADING,
    IN_TABLE,
    INNER_CELL_END,
    INNER_ROW_END,
    ROW_END,
    doc,
    ole,
    outline,
    ppt,
    record,
    shape,
    table,
    text,
)


@pytest.fixture(autouse=True)
def _without_libreoffice(monkeypatch):
    monkeypatch.setattr(soffice.shutil, "which", lambda name: None)


@pytest.fixture
def read(parse):
    """The blocks of a Word document as kind and text."""
    return lambda *args, **more: [(block.type.value, block.text) for block in parse(doc(*args, **more), "a.doc").blocks]


def test_built_in_styles_and_outline_levels_make_headings(parse):
    paragraphs = [("One\r", HEADING), ("text\r", BODY), ("Two\r", BODY + outline(1)), ("Déjà 日本 😀\r", BODY)]
    blocks = parse(doc(paragraphs), "a.doc").blocks
    assert [(block.text, block.metadata.get("level")) for block in blocks] == [
        ("One", 1), ("text", None), ("Two", 2), ("Déjà 日本 😀", None),
    ]  # fmt: skip
    assert blocks[-1].section == ["One", "Two"]


def test_characters_of_one_byte(read):
    assert read([("Œuvre – “café”\r", BODY)], narrow=True) == [("paragraph", "Œuvre – “café”")]


def test_marks_of_cells_and_rows_make_a_table(read):
    cells = [(f"{word}\x07", BODY + IN_TABLE) for word in ("a", "b")] + [("\x07", BODY + ROW_END)]
    more = [("two\r", BODY + IN_TABLE), ("lines\x07", BODY + IN_TABLE), ("\x07", BODY + IN_TABLE), ("\x07", BODY + ROW_END)]
    assert read([("before\r", BODY), *cells, *more, ("after\r", BODY)]) == [
        ("paragraph", "before"),
        ("table", "| a | b |\n| --- | --- |\n| two lines |  |"),
        ("paragraph", "after"),
    ]


def test_a_table_in_a_cell_is_read(read):
    inner = [("x\r", BODY + INNER_CELL_END), ("y\r", BODY + INNER_CELL_END), ("\r", BODY + INNER_ROW_END)]
    assert read([*inner, ("\x07", BODY + IN_TABLE), ("\x07", BODY + ROW_END)]) == [("table", "| x | y |\n| --- | --- |")]


def test_fields_show_their_result(read):
    body = 'See \x13 HYPERLINK "x" \x14here\x15, page \x13 PAGE \x13 IF \x14 1 \x15 \x147\x15\x13 TOC \x15. \x15Half\x13\r'
    assert read([(body, BODY)]) == [("paragraph", "See here, page 7. Half")]


def test_hidden_text_is_left_out(read):
    paragraphs = [("seen unseen\r", BODY), ("more\r", BODY)]
    assert read(paragraphs, hidden=(4, 11)) == [("paragraph", "seen"), ("paragraph", "more")]


def test_notes_and_comments_say_what_they_are(parse):
    data = doc([("Text\x02 and\x05 more\x02\r", BODY)], footnotes=["small", "print"], comments=[("Ada", "Really?")])
    assert [(block.text, block.metadata) for block in parse(data, "a.doc").blocks] == [
        ("Text[1] and more[2]", {}),
        ("[1] small", {"role": "footnote"}),
        ("[2] print", {"role": "footnote"}),
        ("Really?", {"role": "comment", "author": "Ada"}),
    ]


def test_what_cannot_be_read_says_why(reason):
    assert reason(doc([("x\r", BODY)], flags=0x0100), "a.doc") == "encrypted"
    assert reason(doc([("x\r", BODY)], version=0x65), "a.doc") == "unsupported_format"
    assert reason(ole({"WordDocument": b"\xec\xa5\xc1\0"}), "a.doc") == "broken"
    assert reason(ole({"Something": b"x"}), "a.doc") == "unsupported_format"
    assert reason(ppt([], encrypted=True), "a.ppt") == "encrypted"
    assert reason(ole({"PP40": b"x"}), "a.ppt") == "unsupported_format"
    assert reason(ole({"PowerPoint Document": b"x"}), "a.ppt") == "broken"


def test_slides_have_titles_texts_tables_and_notes(parse):
    first = [
        shape(text(4, "below"), 0, 500),
        shape(text(1, "deep\rcold\vwater"), 0, 100),
        shape(text(0, "Lakes"), 0, 0),
        table([["", "b"], ["c", "d"]], 300),
    ]
    second = [shape(text(4, "right"), 400, 10), shape(text(4, "left"), 0, 11), shape(text(4, "*"), 0, 400)]
    blocks = parse(ppt([(first, [shape(text(2, "say it\rslowly"))]), (second, [])]), "a.ppt").blocks
    assert [(block.page, block.type.value, block.text, block.section) for block in blocks] == [
        (1, "heading", "Lakes", []),
        (1, "list", "- deep\n- cold\n  water", ["Lakes"]),
        (1, "table", "|  | b |\n| --- | --- |\n| c | d |", ["Lakes"]),
        (1, "paragraph", "below", ["Lakes"]),
        (1, "paragraph", "say it\nslowly", ["Lakes"]),
        (2, "paragraph", "left", []),
        (2, "paragraph", "right", []),
    ]
    assert blocks[4].metadata == {"role": "note"}


def test_shapes_refer_to_the_texts_of_their_slide(parse):
    refers = shape(record(0x0F9E, b"\0\0\0\0"))
    blocks = parse(ppt([([refers], []), ([refers], [])], titles=["One", "Two"]), "a.ppt").blocks
    assert [(block.type.value, block.text, block.page) for block in blocks] == [("heading", "One", 1), ("heading", "Two", 2)]


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"{\\rtf1 hello}", "application/rtf"),
        (b"<html><body>hello</body></html>", "text/html"),
        (docx("<w:p><w:r><w:t>hello</w:t></w:r></w:p>"), None),
        (b"hello there", "text/plain"),
        (b"<?xml version='1.0'?><a>hello</a>", "application/xml"),
    ],
)
@pytest.mark.parametrize("name", ["a.doc", "a.ppt"])
def test_a_file_under_the_wrong_name_is_read_as_what_it_is(parse, data, media_type, name):
    document = parse(data, name)
    assert "hello" in document.blocks[0].text
    assert media_type in (None, document.media_type)


def test_a_compound_file_is_known_by_its_streams(parse):
    assert parse(doc([("x\r", BODY)]), "a.ppt").media_type == "application/msword"
    assert parse(ppt([([shape(text(4, "x"))], [])]), "a.doc").media_type == "application/vnd.ms-powerpoint"


def test_only_a_container_of_an_encrypted_document_is_protected(parse, reason):
    name = "EncryptedPackage"
    assert reason(ole({name: b"x", "EncryptionInfo": b"x"}), "a.docx") == "encrypted"
    assert parse(doc([(f"the stream named {name}\r", BODY)]), "a.doc").blocks[0].text == f"the stream named {name}"
    assert parse(doc([("x\r", BODY)]) + name.encode("utf-16-le"), "a.doc").blocks[0].text == "x"


def test_libreoffice_is_asked_where_it_is_installed_and_may_fail(parse, monkeypatch, tmp_path):
    made = tmp_path / "made.docx"
    made.write_bytes(docx("<w:p><w:r><w:t>converted</w:t></w:r></w:p>"))
    program = tmp_path / "soffice"
    monkeypatch.setattr(soffice.shutil, "which", lambda name: str(program))
    works = f'mkdir -p "$8" && cp {made} "$8/in.docx"'
    fails = 'mkdir -p "$8" && echo nonsense > "$8/in.docx"'
    for command, expected in ((works, "converted"), (fails, "own"), ("exit 1", "own"), ("sleep 60", "own")):
        program.write_text(f"#!/bin/sh\n{command}\n")
        program.chmod(0o755)
        monkeypatch.setattr(soffice, "_SECONDS", 1 if "sleep" in command else 30)
        assert parse(doc([("own\r", BODY)]), "a.doc").blocks[0].text == expected
