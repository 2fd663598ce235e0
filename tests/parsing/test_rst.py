def kinds(document):
    return [(block.type.value, block.text) for block in document.blocks]


def test_headings_build_sections_with_their_lines(parse):
    blocks = parse("Title\n=====\n\ntext\ngoes on\n\nPart\n----\n\nmore\n", "a.rst").blocks
    assert blocks[3].section == ["Title", "Part"]
    assert blocks[1].metadata["lines"] == [4, 5]


def test_lists_nest_and_terms_stand_with_their_meaning(parse):
    text = "1. one\n2. two\n\n   * in\n\nterm\n   meaning\n\n:field: value\n"
    assert kinds(parse(text, "a.rst")) == [
        ("list", "1. one\n2. two\n  - in"), ("list", "- term: meaning"), ("list", "- field: value"),
    ]  # fmt: skip


def test_grid_tables_keep_merged_cells_once(parse):
    text = "+---+---+\n| a | b |\n+===+===+\n| s | c |\n|   +---+\n|   | d |\n+---+---+\n"
    assert kinds(parse(text, "a.rst")) == [("table", "| a | b |\n| --- | --- |\n| s | c |\n|  | d |")]


def test_tables_of_directives_are_tables(parse):
    text = (
        ".. list-table:: Cap\n   :header-rows: 1\n\n   * - A\n     - B\n   * - 1\n     - 2\n\n"
        ".. csv-table::\n\n   x, y\n   1, 2\n"
    )
    tables = [block.text for block in parse(text, "a.rst").blocks if block.type == "table"]
    assert tables == ["| A | B |\n| --- | --- |\n| 1 | 2 |", "| x | y |\n| --- | --- |\n| 1 | 2 |"]


def test_code_keeps_its_language_and_lines(parse):
    blocks = parse("x::\n\n  lit\n\n.. code-block:: python\n   :linenos:\n\n   a\n   b\n", "a.rst").blocks
    assert [(block.text, block.language, block.metadata["lines"]) for block in blocks[1:]] == [
        ("lit", None, [3, 3]), ("a\nb", "python", [8, 9]),
    ]  # fmt: skip


def test_directives_and_roles_of_sphinx_leave_their_content(parse):
    text = (
        "See :ref:`the lake <lake>` and :py:func:`~os.path.join`.\n\n.. versionadded:: 3.2\n   New *thing*.\n\n"
        ".. toctree::\n   :maxdepth: 2\n\n   intro\n\n.. unknown:: arg\n   :opt: x\n\n   Inner.\n"
    )
    assert [text for _, text in kinds(parse(text, "a.rst"))] == [
        "See the lake and join.", "Added in version 3.2 New thing.", "arg", "Inner.",
    ]  # fmt: skip


def test_nothing_is_read_from_elsewhere(parse):
    text = (
        "text\n\n.. include:: /etc/passwd\n\n"
        ".. csv-table:: t\n   :file: /etc/passwd\n\n.. raw:: html\n   :file: /etc/passwd\n"
    )
    assert "root:" not in "".join(block.text for block in parse(text, "a.rst").blocks)


def test_footnotes_and_notes_have_their_role(parse):
    blocks = parse("a [1]_\n\n.. [1] A note.\n\n.. note:: Mind it.\n", "a.rst").blocks
    assert [(block.text, block.metadata.get("role")) for block in blocks] == [
        ("a [1]", None), ("[1] A note.", "footnote"), ("Note: Mind it.", "admonition"),
    ]  # fmt: skip


def test_what_docutils_would_take_too_long_for_is_read_lightly(parse):
    document = parse("Title\n=====\n\n" + "`a " * 5000 + "\n\nlast\n", "a.rst")
    assert [kinds(document)[0], kinds(document)[-1]] == [("heading", "Title"), ("paragraph", "last")]


def test_directives_that_docutils_knows_take_any_option(parse):
    text = (
        ".. math::\n   :label: eq\n\n   E = mc^2\n\n.. code:: python\n   :linenos:\n\n   print()\n\n"
        ".. figure:: a.png\n   :align: middle\n\n   Caption.\n\n.. csv-table::\n   :widths: 1, 2, 3\n\n   x, y\n   1, 2\n"
    )
    assert kinds(parse(text, "a.rst")) == [
        ("paragraph", "$$E = mc^2$$"), ("code", "print()"), ("paragraph", "Caption."),
        ("table", "| x | y |\n| --- | --- |\n| 1 | 2 |"),
    ]  # fmt: skip


def test_short_rows_of_a_list_table_are_filled_up(parse):
    text = ".. list-table::\n\n   * - A\n     - B\n   * - 1\n"
    assert kinds(parse(text, "a.rst")) == [("table", "| A | B |\n| --- | --- |\n| 1 |  |")]


def test_what_a_directive_refuses_is_read_as_text(parse):
    text = ".. list-table:: Flat\n\n   * one\n   * two\n\n.. note:: N\n\n   .. topic:: In\n\n      words\n"
    assert [text for _, text in kinds(parse(text, "a.rst"))] == ["Flat", "- one\n- two", "Note: N", "In", "words"]


def test_what_docutils_only_reports_stands_in_its_place(parse):
    text = "a\n\n+---+\n| b |\n+--+\n\n.. py:data:: f(x)\n   :param x: one\n\n.. only:: html\n\n   Inner\n   =====\n\n   c\n"
    assert kinds(parse(text, "a.rst")) == [
        ("paragraph", "a"), ("code", "+---+\n| b |\n+--+"), ("code", ".. py:data:: f(x)\n   :param x: one"),
        ("heading", "Inner"), ("paragraph", "c"),
    ]  # fmt: skip


def test_a_warning_about_a_title_does_not_double_it(parse):
    assert kinds(parse("Long title\n====\n\n.. note::\n\nb\n", "a.rst")) == [("heading", "Long title"), ("paragraph", "b")]


def test_what_stands_below_a_described_module_is_kept(parse):
    text = ".. module:: m\n   :synopsis: Does it.\n\n.. automodule:: m\n   :members:\n\n   More words.\n"
    assert [text for _, text in kinds(parse(text, "a.rst"))] == ["Does it.", "More words."]
