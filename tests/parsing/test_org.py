import time


def kinds(document):
    return [(block.type.value, block.text) for block in document.blocks]


def test_what_a_heading_carries_is_its_metadata(parse):
    text = "* TODO [#A] Swim [1/2]  :lake:cold:\nSCHEDULED: <2024-01-02 Tue>\n:PROPERTIES:\n:ID: x1\n:END:\ntext\n** Deep\n"
    blocks = parse(text, "a.org").blocks
    facts = blocks[0].metadata
    assert [block.text for block in blocks] == ["Swim", "text", "Deep"]
    assert (facts["state"], facts["priority"], facts["tags"]) == ("TODO", "A", ["lake", "cold"])
    assert (facts["scheduled"], facts["properties"]) == ("2024-01-02 Tue", {"ID": "x1"})
    assert blocks[2].section == ["Swim"]


def test_the_title_stands_above_all_headings(parse):
    document = parse("#+TITLE: Notes\n#+AUTHOR: Ann\n* One\ntext\n", "a.org")
    assert (document.title, document.blocks[2].section) == ("Notes", ["Notes", "One"])
    assert document.blocks[0].metadata["author"] == "Ann"


def test_states_of_the_document_are_states(parse):
    block = parse("#+TODO: OPEN | SHUT(s)\n* SHUT Door\n", "a.org").blocks[0]
    assert (block.text, block.metadata["state"]) == ("Door", "SHUT")


def test_lists_nest_by_indent(parse):
    text = "- one\n  goes on\n  1. in\n  2. side\n- [X] term :: meaning\n\nafter\n"
    assert kinds(parse(text, "a.org")) == [
        ("list", "- one\n  goes on\n  1. in\n  2. side\n- term: meaning"), ("paragraph", "after"),
    ]  # fmt: skip


def test_tables_code_and_quotes(parse):
    text = "| a | b |\n|---+---|\n| 1 | 2 |\n#+begin_src python :x y\n  f()\n#+end_src\n#+BEGIN_QUOTE\nTo be.\n#+END_QUOTE\n"
    blocks = parse(text, "a.org").blocks
    assert [(block.type, block.text) for block in blocks] == [
        ("table", "| a | b |\n| --- | --- |\n| 1 | 2 |"), ("code", "f()"), ("paragraph", "To be."),
    ]  # fmt: skip
    assert (blocks[1].language, blocks[1].metadata["lines"], blocks[2].metadata["role"]) == ("python", [4, 6], "quote")


def test_marks_links_and_notes_leave_their_words(parse):
    text = "*b* /i/ =c= a/b/c [[https://x.org][a link]] [[https://y.org]][fn:1]\n\n[fn:1] The note.\n# no\n"
    assert [text for _, text in kinds(parse(text, "a.org"))] == ["b i `c` a/b/c a link https://y.org[1]", "[1] The note."]


def test_blocks_that_never_end_take_no_time(parse):
    start = time.monotonic()
    parse("x\n" + "#+begin_src\n" * 3000 + ":a:\n" * 3000, "a.org")
    assert time.monotonic() - start < 10


def test_drawers_hold_text_unless_they_keep_records(parse):
    org = "* A\n:LOGBOOK:\n- Note taken\n:END:\n:RESULTS:\nForty two.\n:END:\n:hint:\nLook left.\n:end:\nDone."
    assert [block.text for block in parse(org, "a.org").blocks] == ["A", "Forty two.", "Look left.", "Done."]


def test_the_words_of_radio_targets_are_shown_and_anchors_are_not(parse):
    assert parse("The <<<deep lake>>> is <<here>>cold; 1 << 2.", "a.org").blocks[0].text == "The deep lake is cold; 1 << 2."


def test_footnotes_stand_below_the_heading_list_or_table_that_they_are_written_in(parse):
    text = "* Rules[fn:: Of May.]\n- one[fn:: Not on Sunday.]\n\n| a | b[fn:: In summer.] |\n"
    assert [text for _, text in kinds(parse(text, "a.org"))] == [
        "Rules", "Of May.", "- one", "Not on Sunday.", "| a | b |\n| --- | --- |", "In summer.",
    ]  # fmt: skip


def test_a_sentence_with_a_deadline_below_a_heading_is_text(parse):
    blocks = parse("* A\nThe DEADLINE: <2024-01-02> is binding.\n", "a.org").blocks
    assert [block.text for block in blocks] == ["A", "The DEADLINE: <2024-01-02> is binding."]
    assert "deadline" not in blocks[0].metadata


def test_items_keep_their_code_as_it_is_and_lines_that_look_like_settings(parse):
    text = "- a\n  #+begin_src python\n  def f(*x):\n      return x *y* z\n  #+end_src\n  :note: mind it\n  #+caption: Cap\n"
    assert parse(text, "a.org").blocks[0].text == "- a\n  def f(*x):\n      return x *y* z\n  :note: mind it\n  Cap"


def test_an_item_may_set_its_number(parse):
    assert parse("1. [@5] fifth\n2. [ ] sixth\n", "a.org").blocks[0].text == "5. fifth\n6. sixth"


def test_macros_of_the_document_are_put_in_place(parse):
    text = "#+MACRO: version 1.2\n#+MACRO: add $1 and $2\nNow {{{version}}}: {{{add(x, y)}}}, {{{kbd(C-x)}}}.\n"
    assert parse(text, "a.org").blocks[0].text == "Now 1.2: x and y, C-x."


def test_an_empty_first_cell_keeps_its_column(parse):
    assert parse("|| b |\n| a | b |\n", "a.org").blocks[0].text == "|  | b |\n| --- | --- |\n| a | b |"
