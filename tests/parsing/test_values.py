import time

import pytest


def rows(document):
    return [block.metadata["rows"] for block in document.blocks]


def test_csv_is_a_pipe_table(parse):
    assert parse('name,quote\nAnn,"a, b"\nBob,x|y\n', "a.csv").blocks[0].text == (
        "| name | quote |\n| --- | --- |\n| Ann | a, b |\n| Bob | x\\|y |"
    )


def test_the_separator_is_found(parse):
    for separator in ";\t|":
        text = f"a{separator}b\n1{separator}2,5\n3{separator}4,5\n"
        assert parse(text, "a.csv").blocks[0].text.startswith("| a | b |")


def test_a_long_table_is_parted_and_each_part_has_the_header(parse):
    document = parse("id,text\n" + "".join(f"{at},{'word ' * 20}\n" for at in range(100)), "a.csv")
    assert len(document.blocks) > 3
    assert all(block.text.startswith("| id | text |") for block in document.blocks)
    assert rows(document)[0][0] == 2
    assert rows(document)[-1][1] == 101


def test_short_rows_are_padded(parse):
    assert parse("a,b,c\n1\n", "a.csv").blocks[0].text.splitlines()[-1] == "| 1 |  |  |"


def test_json_is_lines_with_the_path_of_keys(parse):
    text = parse('{"user": {"name": "Ann", "tags": ["x", "y"]}, "rows": [{"n": 1e6}, {"n": null}]}', "a.json").blocks[0].text
    assert text.splitlines() == ["user.name: Ann", "user.tags: x, y", "rows[0].n: 1e6", "rows[1].n: null"]


def test_numbers_keep_their_digits(parse):
    digits = "1" * 6000
    assert parse(f'{{"n": {digits}}}', "a.json").blocks[0].text == f"n: {digits}"


def test_json_blocks_are_bounded(parse):
    text = "[" + ",".join(f'{{"key": "{"word " * 20}"}}' for _ in range(100)) + "]"
    assert max(len(block.text) for block in parse(text, "a.json").blocks) < 2000


def test_settings_with_comments_and_last_commas_are_read(parse):
    text = '// Target\n{"a": {"url": "http://x.org", /* old, } */ "sign": "/* , ] */ \\" //", "to": "es2020", // y\n },\n}\n'
    lines = parse(text, "tsconfig.json").blocks[0].text.split("\n")
    assert lines == ["a.url: http://x.org", 'a.sign: /* , ] */ " //', "a.to: es2020"]


@pytest.mark.parametrize("text", ['{"a": 1, // cut', '{"a" 1}', "{,,}", '["a", /* no end ]'])
def test_what_is_no_json_even_without_comments_is_broken(reason, text):
    assert reason(text, "a.json") == "broken"


@pytest.mark.parametrize("piece", ['\\"', "/*", "/", ",", ", ", '"', '"\n'])
def test_looking_for_comments_takes_time_in_proportion(reason, piece):
    start = time.perf_counter()
    assert reason("{" + piece * (1_000_000 // len(piece)), "a.json") == "broken"
    assert time.perf_counter() - start < 5


def test_nesting_too_deep_is_broken_not_a_crash(reason):
    assert reason("[" * 100_000 + "]" * 100_000, "a.json") == "broken"
    assert reason('{"a":' * 300 + "1" + "}" * 300, "a.json") == "broken"


def test_json_lines_know_their_lines(parse):
    document = parse('{"a": 1}\n\n{"a": 2}\n', "a.jsonl")
    assert document.blocks[0].text == "a: 1\na: 2"
    assert document.blocks[0].metadata["lines"][0] == 1


def test_json_lines_under_a_json_name_are_read(parse):
    assert parse('{"a": 1}\n{"a": 2}\n', "a.json").blocks[0].text == "a: 1\na: 2"


def test_a_notebook_is_its_text_and_code(parse):
    cells = '{"cell_type": "markdown", "source": ["# Lakes"]}', '{"cell_type": "code", "source": "1+1", "outputs": []}'
    document = parse(f'{{"cells": [{", ".join(cells)}]}}', "a.ipynb")
    assert [(block.type.value, block.text, block.metadata["cell"]) for block in document.blocks] == [
        ("heading", "Lakes", 1),
        ("code", "1+1", 2),
    ]


def test_a_line_that_was_cut_off_stands_as_it_is_written(parse):
    blocks = parse('{"a": 1}\n{"a": "tru', "a.jsonl").blocks
    assert [(block.text, block.metadata["lines"]) for block in blocks] == [('a: 1\n{"a": "tru', [1, 2])]


def test_values_over_several_lines_are_read_one_after_the_other(parse):
    for name in ("a.json", "a.jsonl"):
        assert parse('{\n "a": 1\n}\n{\n "b": 2\n}\n', name).blocks[0].text == "a: 1\nb: 2"
