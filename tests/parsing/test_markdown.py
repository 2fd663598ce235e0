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
