"""What every parser promises, asked of real files of every format and of what is inside them."""

import unicodedata
from pathlib import Path

import pytest

from rage_assets.blocks.parsing import parse_file
from resources.domain import BlockType
from resources.errors import ParseFailed
from tests.parsing.conftest import SHARED

_FOLDER = SHARED / "documents"
# Of each format the smallest files: the promises do not depend on the size.
_EACH = 6


def _files() -> list[Path]:
    if not _FOLDER.is_dir():
        return []
    chosen: list[Path] = []
    for folder in sorted(path for path in _FOLDER.iterdir() if path.is_dir()):
        found = [f for f in folder.iterdir() if f.is_file() and ".truth." not in f.name and f.name != "SOURCE.txt"]
        chosen += sorted(found, key=lambda file: file.stat().st_size)[:_EACH]
    return chosen


def test_there_are_real_files_to_ask(shared):
    assert len(_files()) > 60


@pytest.mark.parametrize("file", _files(), ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_parser_keeps_its_promises(file):
    path = f"{file.parent.name}/{file.name}"
    try:
        document = parse_file(file, path)
    except ParseFailed as refused:
        failure = refused
    else:
        failure = None
    if failure is not None:
        assert failure.reason.isidentifier()
        assert len(failure.message) > 10
        return
    assert document.blocks or document.children
    open_headings: list[str] = []
    pages = [block.page for block in document.blocks if block.page is not None]
    assert pages == sorted(pages)
    for block in document.blocks:
        assert block.text.strip()
        assert unicodedata.is_normalized("NFC", block.text)
        assert not any(unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\t" for each in block.text)
        # a section is a chain of headings that were met before; code stands under the names that it defines
        if block.type is not BlockType.CODE:
            assert [name for name in block.section if name not in open_headings] == []
        if block.type is BlockType.HEADING:
            assert "\n" not in block.text
            open_headings.append(block.text)
    again = parse_file(file, path)
    assert [block.model_dump() for block in again.blocks] == [block.model_dump() for block in document.blocks]
    assert [child.name for child in again.children] == [child.name for child in document.children]
