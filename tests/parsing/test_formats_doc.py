import re
from pathlib import Path

import pytest

from rage_assets.blocks.parsing import parse_file, parser_version, registry

PAGE = (Path(__file__).resolve().parents[2] / "docs/formats.md").read_text()


class _EntryPoint:
    """What an installed package's entry point is to the registry."""

    def __init__(self, parser):
        self.load = lambda: parser


@pytest.fixture
def example(monkeypatch):
    """The page's example, installed."""
    names = {}
    exec(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1], names)
    monkeypatch.setattr(registry, "entry_points", lambda group: [_EntryPoint(names["RecipeParser"])])
    registry.forget()
    yield
    monkeypatch.undo()
    registry.forget()


def test_the_example_reads_its_format(example):
    document = parse_file(b"Soup\nBoil water\nServe\n", "a.recipe")
    assert [block.text for block in document.blocks] == ["Soup", "- Boil water\n- Serve"]
    assert (document.title, document.media_type, document.parser) == ("Soup", "text/x-recipe", "recipe/1")
    assert parser_version("a.recipe") == "recipe/1"


def test_the_page_names_every_suffix_or_says_that_there_are_more():
    named = set(re.findall(r"`(\.\w+)`", PAGE))
    known = {suffix for parser in registry.parsers() for suffix in parser.suffixes}
    assert named - {".recipe"} <= known
    assert known - named <= {".mdown", ".mkd", ".rmd", ".text", ".nfo", ".latex", ".asciidoc", ".asc", ".jats", ".py"}
