import subprocess
import sys

import pytest

from rage_assets.blocks.parsing import PARSERS_FINGERPRINT, parse_file, parser_for, parser_version
from resources.errors import ParseFailed
from tests.parsing.small_files import line, pdf


def test_a_file_can_be_given_by_its_path(tmp_path):
    (tmp_path / "a.md").write_text("# Title")
    assert parse_file(tmp_path / "a.md", "a.md").blocks[0].text == "Title"


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"", "a.md", "empty"),
        (b"  \n\t\n", "a.md", "no_text"),
        (b"  \n", "a.txt", "no_text"),
        (b"\x00\x01\x02" * 50, "a.txt", "binary"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 20, "a.md", "broken"),
        (b"SQLite format 3\0" + bytes(100), "a.md", "unsupported_format"),
        (b"PK\x03\x04 cut", "a.docx", "broken"),
        (b"%PDF-1.7 cut", "a.pdf", "broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "a.docx", "encrypted"),
        (b'{"a": ', "a.json", "broken"),
    ],
)
def test_what_cannot_be_parsed_says_why(reason, data, name, expected):
    assert reason(data, name) == expected


def test_a_file_over_the_limit_is_refused():
    with pytest.raises(ParseFailed) as failure:
        parse_file(b"12345", "a.txt", max_bytes=4)
    assert failure.value.reason == "too_large"


def test_a_pdf_under_a_text_name_is_read_as_pdf(parse):
    document = parse(pdf(line("Hello from a page", 72, 700)), "notes.txt")
    assert (document.media_type, document.parser) == ("application/pdf", "pdf/3")


def test_a_web_page_under_a_text_name_is_read_as_html(parse):
    assert parse("<!DOCTYPE html><html><body><p>Hi there</p></body></html>", "a.txt").media_type == "text/html"


def test_text_without_a_suffix_is_plain_text(parse):
    assert parse("All rights reserved.", "LICENSE").media_type == "text/plain"


def test_texts_hold_nothing_that_postgres_refuses(parse):
    document = parse('{"a\\u0000b": "x\\u0000y \\ud800 z"}', "a.json")
    assert document.blocks[0].text == "ab: xy \ufffd z"


def test_an_endless_paragraph_comes_in_blocks_that_lose_no_word(parse):
    words = [f"word{n}" for n in range(400_000)]
    blocks = parse(f"<html><body><p>{' '.join(words)}</p></body></html>", "a.html").blocks
    assert [word for block in blocks for word in block.text.split()] == words
    assert len(blocks) > 1
    assert all(len(block.text) <= 1_000_000 for block in blocks)


def test_newlines_are_line_feeds(parse):
    assert parse(b"one\r\ntwo\rthree", "a.txt").blocks[0].text == "one\ntwo\nthree"


def test_an_unexpected_exception_is_a_broken_document(monkeypatch, reason):
    monkeypatch.setattr("rage_assets.blocks.parsing.texts.markdown.add_markdown", lambda *_: 1 / 0)
    assert reason("# Title", "a.md") == "broken"


def test_a_missing_package_makes_a_format_unsupported(monkeypatch, reason):
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    assert reason(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.xls") == "unsupported_format"


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("docs/a.md", "markdown/3"),
        ("a.PDF", "pdf/3"),
        ("Makefile", "code/3"),
        ("LICENSE", "text/4"),
        ("a.png", "image/2"),
        ("a.heic", "image/2"),
    ],
)
def test_the_parser_of_a_name_is_known_without_its_bytes(path, version):
    assert parser_version(path) == version


def test_the_content_counts_for_more_than_the_name():
    parser = parser_for("a.txt", "application/pdf")
    assert parser is not None
    assert parser.name == "pdf"


def test_the_fingerprint_is_stable():
    assert len(PARSERS_FINGERPRINT) == 16


def test_importing_the_parsers_loads_nothing_heavy():
    heavy = "{'lxml', 'pypdfium2', 'markdown_it', 'pygments', 'py3langid', 'charset_normalizer', 'unstructured', 'pandas'}"
    code = f"import sys, rage_assets.blocks.parsing; print({heavy} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"
