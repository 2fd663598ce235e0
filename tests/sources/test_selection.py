"""Patterns of what becomes documents."""

import time

import pytest

from rage_assets.raw.sources.protocol import SeenFile
from rage_assets.raw.sources.selected import SelectedReader
from resources.errors import InvalidInput
from resources.selection import Selection, checked_patterns


@pytest.mark.parametrize(
    ("include", "exclude", "taken"),
    [
        ([], [], "a.md b/c.md b/d.txt b/e/f.md"),
        (["*.md"], [], "a.md b/c.md b/e/f.md"),
        (["/*.md"], [], "a.md"),
        (["b/"], ["*.txt"], "b/c.md b/e/f.md"),
        ([], ["b/**"], "a.md"),
        ([], ["b/*", "!b/c.md"], "a.md b/c.md"),
        (["**/e/*.md"], [], "b/e/f.md"),
        (["*.md"], ["*.md"], ""),
    ],
)
def test_patterns_are_those_of_gitignore(include, exclude, taken):
    selection = Selection(include, exclude)
    paths = ["a.md", "b/c.md", "b/d.txt", "b/e/f.md"]
    assert " ".join(path for path in paths if selection.takes(path)) == taken


def test_a_selection_hides_no_rules_and_no_problems_of_folders():
    class Reader:
        def scan(self):
            names = (".rage-access.yaml", "a.md", "b.txt", "b/.rage-access.yaml")
            yield from (SeenFile(name, 1, 1) for name in names)
            yield from (SeenFile(name, 0, 0, problem="away") for name in ("", "lib/", "x.txt"))

    found = [file.path for file in SelectedReader(Reader(), Selection(["*.md"])).scan()]
    assert found == [".rage-access.yaml", "a.md", "b/.rage-access.yaml", "", "lib/"]


def test_no_pattern_takes_long():
    began = time.monotonic()
    selection = Selection(exclude=checked_patterns(["*a" * 40 + "b", "**/" * 30 + "x"]))
    selection.takes("a" * 500 + "/" + "a/" * 300 + "y")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("pattern", ["", "  ", "#x", "a\tb", "x" * 501, "!"])
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(InvalidInput):
        checked_patterns([pattern])


@pytest.mark.parametrize(
    ("pattern", "path"),
    [("drafts/", "x\ny/drafts/z.md"), ("a/**/b", "a/x\n/b"), ("drafts/**", "drafts/a\nb.md"), ("*.key", "a\nb.key")],
)
def test_a_line_break_in_a_name_lets_nothing_through(pattern, path):
    assert not Selection(exclude=[pattern]).takes(path)
    assert Selection([pattern]).takes(path)


def test_patterns_that_are_too_many_together_are_refused_before_they_are_stored():
    with pytest.raises(InvalidInput):
        checked_patterns([("*a" * 240)[:480] + str(n) for n in range(99)])
