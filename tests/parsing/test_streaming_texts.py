"""Texts of any size are read in bounded memory."""

import json
import subprocess
import sys

import pytest

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.decoding import text_stream
from rage_assets.blocks.parsing.outline import Outline, sink
from rage_assets.blocks.parsing.registry import parser_for
from rage_assets.blocks.parsing.texts.json_stream import JsonStream, load
from rage_assets.blocks.parsing.texts.lines import numbered_lines
from resources.errors import ParseFailed

_MEGABYTE = 2**20
_PEAK = """
import resource, sys
from pathlib import Path
from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import sink
from rage_assets.blocks.parsing.registry import parser_for
path, kind = Path(sys.argv[1]), sys.argv[2]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
blocks = 0
def take(outline):
    global blocks
    blocks += len(outline.blocks)
sink.set(take)
take(parser_for(path.name, kind).parse(Content(path, path.name, kind)))
print(blocks, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
_ENTRY = json.dumps({"text": "The lake is cold in spring. " * 50, "at": [1, 2, {"x": None}]})


def _write(path, part, size, before="", after=""):
    with path.open("w") as out:
        out.write(before)
        for _ in range(size // len(part)):
            out.write(part)
        out.write(after)


@pytest.mark.parametrize(
    ("name", "kind", "before", "part", "after"),
    [
        ("a.txt", "text/plain", "", "The lake is cold, ünd only few swim. " * 40 + "\n\n", ""),
        ("b.txt", "text/plain", "", "word " * 1000, ""),
        ("a.jsonl", "application/x-ndjson", "", _ENTRY + "\n", ""),
        ("a.json", "application/json", "[" + _ENTRY, "," + _ENTRY, "]"),
        ("b.json", "application/json", '{"type": "x", "features": [' + _ENTRY, "," + _ENTRY, "]}"),
    ],
)
def test_memory_does_not_grow_with_the_file(tmp_path, name, kind, before, part, after):
    size = 24 * _MEGABYTE
    _write(tmp_path / name, part, size, before, after)
    run = [sys.executable, "-c", _PEAK, str(tmp_path / name), kind]
    blocks, grown = map(int, subprocess.run(run, capture_output=True, text=True, check=True, timeout=120).stdout.split())
    assert blocks > 400
    assert grown < size // _MEGABYTE * 0.75


def _lines(text, **options):
    return list(numbered_lines([text[at : at + 3] for at in range(0, len(text), 3)], **options))


def test_lines_have_their_numbers_wherever_the_pieces_end():
    assert _lines("a\n\nbcdefg\nh") == [(1, "a"), (2, ""), (3, "bcdefg"), (4, "h")]


def test_a_line_without_end_comes_in_parts_between_words():
    assert _lines("one two three\nx", longest=6) == [(1, "one "), (1, "two "), (1, "three"), (2, "x")]
    with pytest.raises(ParseFailed):
        _lines("one two three\nx", longest=6, whole=True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_large_texts_are_decoded_as_small_ones_are(encoding):
    text = "Grüße aus Köln, wo der See im Frühling kalt ist.\r\n" * 120_000
    assert "".join(text_stream(Content(text.encode(encoding), "a.txt", "text/plain"))) == text.replace("\r\n", "\n")


def test_accents_after_a_long_plain_beginning_are_kept():
    data = b"plain text\n" * 500_000 + "Grüße".encode("cp1252")
    assert "".join(text_stream(Content(data, "a.txt", "text/plain"))).endswith("Grüße")


@pytest.mark.parametrize(
    "text", ['[1, {"a": [true]}, "x"]', '{"a": {"b": [1.50]}, "c": []}', '"x"', "12", '{"a": 1}\n{"a": 2}', "[]"]
)
def test_json_in_pieces_says_what_it_says_as_a_whole(text):
    entries = dict(JsonStream(list(text)).entries())
    expected = {"[0]": "1", "[1].a": [True], "[2]": "x"} if text[0] == "[" and len(text) > 2 else None
    if expected:
        assert entries == expected
    elif text[0] != "{":
        assert entries == ({} if text == "[]" else {"": load(text)})
    else:
        assert entries in ({"a.b": ["1.50"]}, {"a": "2"})


@pytest.mark.parametrize("text", ['{"a": ', "[1,", "[1 2]", "{1: 2}", '{"a" 1}', "nul", "[1,]"])
def test_broken_json_is_broken_in_pieces_too(text):
    with pytest.raises(ParseFailed) as failure:
        list(JsonStream(list(text)).entries())
    assert failure.value.reason == "broken"


def test_an_entry_that_is_too_large_is_refused():
    with pytest.raises(ParseFailed) as failure:
        list(JsonStream(['["', *["x" * _MEGABYTE] * 40]).entries())
    assert failure.value.reason == "too_large"


def test_blocks_are_handed_over_between():
    taken: list[int] = []
    token = sink.set(lambda outline: taken.append(len(outline.blocks)))
    try:
        left: Outline = parser_for("a.txt").parse(Content(b"one\n\n" * 2000, "a.txt", "text/plain"))
    finally:
        sink.reset(token)
    assert sum(taken) + len(left.blocks) == 2000
    assert max(taken) < 1000
