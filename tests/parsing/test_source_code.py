import pytest

PYTHON = '''"""A module."""
import os

# Says hello.
@cache
def hello():
    """Greets."""

    return "hi"


class Lake:
    def depth(self):
        return 3


LIMIT = 3
'''


def test_python_has_a_block_for_each_function_and_class(parse):
    blocks = parse(PYTHON, "a.py").blocks
    assert [(block.metadata.get("symbol"), block.metadata["lines"]) for block in blocks] == [
        (None, [1, 2]), ("hello", [4, 9]), ("Lake", [12, 14]), (None, [17, 17]),
    ]  # fmt: skip


def test_comments_and_docstrings_stay_with_their_code(parse):
    text = parse(PYTHON, "a.py").blocks[1].text
    assert text.startswith("# Says hello.\n@cache")
    assert '"""Greets."""' in text


def test_broken_python_is_still_read(parse):
    assert parse("def f(:\n  x\n\ndef g():\n  y\n  z\n", "a.py").blocks[0].type.value == "code"


def test_other_languages_are_parted_at_their_units(parse):
    head = 'package main\n\nimport (\n\t"fmt"\n)\n\n'
    code = head + "func main() {\n\tfmt.Println(1)\n\n\tfmt.Println(2)\n}\n\nfunc two() {\n\tx()\n}\n"
    blocks = parse(code, "main.go").blocks
    assert [block.metadata.get("symbol") for block in blocks] == [None, "main", "two"]
    assert blocks[1].metadata["lines"] == [7, 11]


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("a.py", "python"),
        ("Dockerfile", "docker"),
        ("a.tsx", "tsx"),
        ("a.rs", "rust"),
        ("a.yaml", "yaml"),
        ("a.sql", "sql"),
    ],
)
def test_the_language_is_found_by_name(parse, name, language):
    assert parse("something = 1", name).blocks[0].language == language


def test_a_script_without_a_suffix_is_known_by_its_first_line(parse):
    assert parse("#!/bin/sh\necho hi\n", "run").blocks[0].language == "bash"
