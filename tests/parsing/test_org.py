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
