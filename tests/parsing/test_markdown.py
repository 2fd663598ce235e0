import time

import pytest


def kinds(document):
    return [(block.type.value, block.text) for block in document.blocks]


def test_headings_build_the_sections_of_what_follows(parse):
    blocks = parse("# A\n\none\n\n## B\n\ntwo\n\n# C\n\nthree", "a.md").blocks
    assert [(block.text, block.section) for block in blocks] == [
        ("A", []), ("one", ["A"]), ("B", ["A"]), ("two", ["A", "B"]), ("C", []), ("three", ["C"]),
    ]  # fmt: skip


def test_blocks_know_their_lines_behind_a_front_matter(parse):
    block = parse("---\ntitle: T\n---\n\nfirst\nsecond\n", "a.md").blocks[0]
    assert block.metadata["lines"] == [5, 6]


def test_front_matter_is_title_and_metadata_not_text(parse):
    document = parse("---\ntitle: The title\ntags: [a, b]\nnested: {x: 1}\n---\nText\n", "a.md")
    assert document.title == "The title"
    assert kinds(document) == [("paragraph", "Text")]
    assert document.blocks[0].metadata["front_matter"] == {"title": "The title", "tags": ["a", "b"]}


def test_a_list_is_one_block_with_its_nesting(parse):
    text = "- a\n  - b\n- c\n\n  more of c\n"
    assert kinds(parse(text, "a.md")) == [("list", "- a\n  - b\n- c\n  more of c")]


def test_ordered_lists_keep_their_numbers(parse):
    assert kinds(parse("3. x\n4. y\n", "a.md")) == [("list", "3. x\n4. y")]


def test_a_table_is_a_pipe_table(parse):
    assert kinds(parse("a | b\n--|--\n1 | **2**\n", "a.md")) == [("table", "| a | b |\n| --- | --- |\n| 1 | 2 |")]


def test_code_keeps_its_white_space_and_language(parse):
    block = parse("```python\ndef f():\n\n    return 1\n```\n", "a.md").blocks[0]
    assert (block.type.value, block.language, block.text) == ("code", "python", "def f():\n\n    return 1")


def test_emphasis_and_link_targets_are_not_text(parse):
    assert kinds(parse("*So* **be** [it](http://x.y), `ok`", "a.md")) == [("paragraph", "So be it, `ok`")]


def test_html_in_markdown_is_read(parse):
    assert kinds(parse("<ul><li>one</li><li>two</li></ul>\n\n<!-- not this -->\n", "a.md")) == [("list", "- one\n- two")]


def test_an_image_is_its_alternative_text(parse):
    block = parse("![The two towers](t.png)", "a.md").blocks[0]
    assert (block.type.value, block.text, block.metadata["source"]) == ("image", "The two towers", "t.png")


def test_deep_nesting_is_read_to_a_bound(parse, reason):
    assert kinds(parse(">" * 40 + " deep", "a.md")) == [("paragraph", "deep")]
    assert reason(">" * 5000 + " deep", "a.md") == "no_text"


def test_footnotes_are_paragraphs_of_their_own(parse):
    blocks = parse("Text[^1] and[^b].\n\n[^1]: First\n    goes on.\n[^b]: https://x.org\n", "a.md").blocks
    assert [(block.text, block.metadata.get("role")) for block in blocks] == [
        ("Text[1] and[b].", None), ("[1] First goes on.", "footnote"), ("[b] https://x.org", "footnote"),
    ]  # fmt: skip


def test_terms_with_definitions_are_a_list(parse):
    assert kinds(parse("Lake\n: water\n: cold\nSea\n: salt\n", "a.md")) == [("list", "- Lake: water\n  cold\n- Sea: salt")]


def test_admonitions_of_all_dialects_keep_their_text_and_lines(parse):
    text = ':::tip Title\nIn *it*.\n:::\n\n!!! note "Careful"\n    Deep.\n\n    - item\n\n> [!NOTE]\n> Alert\n'
    blocks = parse(text, "a.md").blocks
    assert [block.text for block in blocks] == ["Title\nIn it.", "Careful\nDeep.", "- item", "Note: Alert"]
    assert (blocks[3].metadata["lines"], blocks[3].metadata["role"]) == ([10, 11], "admonition")


def test_dialects_leave_code_alone(parse):
    text = "```\n:::note\n[^1]: x\n!!! y\n```\n"
    assert kinds(parse(text, "a.md")) == [("code", ":::note\n[^1]: x\n!!! y")]


def test_formulas_stay_latex(parse):
    assert kinds(parse("$$\nx_1 * y * \\\\z\n$$\n", "a.md")) == [("paragraph", "$$\nx_1 * y * \\\\z\n$$")]


def test_attributes_instructions_and_wiki_links_leave_words(parse):
    text = "# Head {#id .x}\n\n{: .cls}\n\n{% include x %}\n\n[TOC]\n\n[[Page|shown]] and `[[ -f x ]]`\n"
    assert kinds(parse(text, "a.md")) == [("heading", "Head"), ("paragraph", "shown and `[[ -f x ]]`")]


def test_three_signs_of_equality_underline_a_heading_beside_additions_of_dialects(parse):
    text = 'Handbook\n===\n\nA note[^1].\n\n=== "Tab"\n    in it\n\n!!! note "Mind"\n    this\n\n[^1]: The note.\n'
    assert kinds(parse(text, "a.md")) == [
        ("heading", "Handbook"), ("paragraph", "A note[1]."), ("paragraph", "Tab\nin it"), ("paragraph", "Mind\nthis"),
        ("paragraph", "[1] The note."),
    ]  # fmt: skip


def test_a_table_of_html_may_have_blank_lines_and_sentences_of_markdown(parse):
    rows = "  <tr><th>A</th><th>B</th></tr>\n\n  <tr><td>1</td><td>\n\n**two** `x`\n\n</td></tr>\n"
    blocks = parse(f"# T\n\n<table>\n{rows}</table>\n\nafter\n", "a.md").blocks
    assert [block.text for block in blocks[1:]] == ["| A | B |\n| --- | --- |\n| 1 | two x |", "after"]
    assert blocks[1].metadata["lines"] == [3, 11]


def test_a_table_of_html_within_a_quotation_ends_there(parse):
    text = "> <table>\n> <tr><td>q</td></tr>\n>\n> said\n\nafter\n\n</table>\n"
    assert ("paragraph", "after") in kinds(parse(text, "a.md"))


@pytest.mark.parametrize(
    ("inner", "kind", "text"),
    [("```python\nf(\n  x)\n```", "code", "f(\n  x)"), ("- a list", "list", "- a list"), ("# Head", "heading", "Head")],
)
def test_a_table_of_html_that_sets_blocks_side_by_side_leaves_them_as_they_are(parse, inner, kind, text):
    found = kinds(parse(f"<table>\n<tr><td>one</td><td>\n\n{inner}\n\n</td></tr>\n</table>\n\nafter\n", "a.md"))
    assert (kind, text) in found
    assert found[-1] == ("paragraph", "after")


def test_many_tables_without_an_end_take_time_in_proportion(parse):
    start = time.perf_counter()
    assert parse("<table>\n\nword\n\n" * 10_000, "a.md").blocks
    assert time.perf_counter() - start < 20


def test_prose_of_mdx_may_begin_a_line_with_import_or_export(parse):
    text = "import A from './a'\nexport const x = 1\n\n# T\nexport const y = 2\n\nYou can\nexport data, or\nimport it.\n"
    assert kinds(parse(text, "a.mdx")) == [("heading", "T"), ("paragraph", "You can export data, or import it.")]


def test_components_and_imports_of_mdx_are_no_text(parse):
    text = "import A from './a'\n\n# T\n\n<Tabs>\n\n**in** it\n\n</Tabs>\n\n{/* no */}\n"
    assert kinds(parse(text, "a.mdx")) == [("heading", "T"), ("paragraph", "in it")]


def test_front_matter_can_be_toml(parse):
    document = parse('+++\ntitle = "T"\ntags = ["a"]\n+++\ntext\n', "a.md")
    assert (document.title, document.blocks[0].metadata["front_matter"]["tags"]) == ("T", ["a"])


def test_quotes_have_their_role(parse):
    assert [block.metadata.get("role") for block in parse("> a\n\nb\n", "a.md").blocks] == ["quote", None]
