import json


def notebook(*cells, **metadata):
    return json.dumps({"cells": list(cells), "metadata": metadata, "nbformat": 4})


def code(source, *outputs, **more):
    return {"cell_type": "code", "source": source, "outputs": list(outputs), **more}


def test_cells_are_numbered_and_code_has_the_kernels_language(parse):
    document = parse(
        notebook({"cell_type": "markdown", "source": ["# A\n", "text"]}, code("x"), kernelspec={"language": "julia"}),
        "a.ipynb",
    )
    assert document.title == "A"
    assert [(block.text, block.metadata["cell"]) for block in document.blocks] == [("A", 1), ("text", 1), ("x", 2)]
    assert document.blocks[2].language == "julia"


def test_a_magic_says_another_language(parse):
    assert parse(notebook(code("%%bash\nls")), "a.ipynb").blocks[0].language == "bash"


def test_outputs_are_tables_texts_and_errors(parse):
    page = "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"
    outputs = (
        {"output_type": "execute_result", "data": {"text/html": [page], "text/plain": "a b"}},
        {"output_type": "stream", "text": ["\u001b[31mred\u001b[0m\n"]},
        {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": []},
        {"output_type": "display_data", "data": {"text/plain": "<Figure size 640x480 with 1 Axes>", "image/png": "AA=="}},
    )
    blocks = parse(notebook(code("f()", *outputs)), "a.ipynb").blocks
    assert [(block.type, block.text, block.metadata.get("role")) for block in blocks[1:]] == [
        ("table", "| a | b |\n| --- | --- |\n| 1 | 2 |", "output"), ("code", "red", "output"),
        ("code", "KeyError: 'x'", "error"),
    ]  # fmt: skip


def test_pasted_pictures_are_files_inside(parse):
    cell = {"cell_type": "markdown", "source": "![a](attachment:a.png)", "attachments": {"a.png": {"image/png": "iVBORw=="}}}
    assert [child.name for child in parse(notebook(cell), "a.ipynb").children] == ["a.png"]


def test_worksheets_of_old_notebooks_are_read(parse):
    old = {
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 2, "source": "T"},
                    {"cell_type": "code", "input": "x", "outputs": []},
                ]
            }
        ]
    }
    assert [block.text for block in parse(json.dumps(old), "a.ipynb").blocks] == ["T", "x"]


def test_what_is_no_notebook_is_broken(reason):
    assert reason("[1, 2]", "a.ipynb") == "broken"
    assert reason('{"cells": [1, {"cell_type": "code", "outputs": [3]}]}', "a.ipynb") == "no_text"


def test_long_outputs_are_kept_whole(parse):
    printed = "".join(f"line {number}\n" for number in range(5000))
    outputs = (
        {"output_type": "stream", "text": printed},
        {"output_type": "execute_result", "data": {"text/markdown": printed}},
    )
    blocks = parse(notebook(code("f()", *outputs)), "a.ipynb").blocks
    assert [block.text.split()[-1] for block in blocks[1:]] == ["4999", "4999"]
    assert blocks[1].text == printed.rstrip()


def test_of_a_line_that_was_written_over_its_last_form_is_kept(parse):
    output = {"output_type": "stream", "text": "start\r\n 10%\r 50%\r100%\r\nend\n"}
    assert parse(notebook(code("f()", output)), "a.ipynb").blocks[1].text == "start\n100%\nend"
