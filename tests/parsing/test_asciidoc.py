import pytest


def kinds(document):
    return [(block.type.value, block.text) for block in document.blocks]


def table(parse, text):
    return next(block.text.split("\n") for block in parse(text, "a.adoc").blocks if block.type == "table")


def test_the_header_is_title_byline_and_metadata(parse):
    document = parse("= The {what}\nAnn Lee <a@x.org>\nv1.0, 2024-01-02\n:what: lake\n\nText of the {what}.\n", "a.adoc")
    assert document.title == "The lake"
    assert kinds(document) == [
        ("heading", "The lake"), ("paragraph", "Ann Lee <a@x.org>"), ("paragraph", "v1.0, 2024-01-02"),
        ("paragraph", "Text of the lake."),
    ]  # fmt: skip
    assert document.blocks[0].metadata["attributes"] == {"what": "lake"}


def test_sections_in_both_styles_nest(parse):
    blocks = parse("= A\n\n== B\n\none\n\nC\n~~~\n\ntwo\n", "a.adoc").blocks
    assert (blocks[-1].text, blocks[-1].section) == ("two", ["A", "B", "C"])


def test_an_attribute_has_the_value_that_it_has_there(parse):
    assert kinds(parse(":a: one\n\n{a}\n\n:a: two\n\n{a} {b}\n", "a.adoc")) == [
        ("paragraph", "one"),
        ("paragraph", "two {b}"),
    ]


def test_attributes_that_double_each_other_stay_small(parse):
    bomb = ":a0: lol\n" + "".join(f":a{n}: {{a{n - 1}}}{{a{n - 1}}}\n" for n in range(1, 100)) + "\n{a99}\n"
    assert len(parse(bomb, "a.adoc").blocks[0].text) <= 4000


def test_lists_nest_by_marker_and_plus_attaches(parse):
    text = ". one\n* a\n** b\n+\nmore of b\n\n. two\n+\n----\ncode\n----\n\nafter\n"
    assert kinds(parse(text, "a.adoc")) == [
        ("list", "- one\n  - a\n    - b\n      more of b\n- two\n  code"),
        ("paragraph", "after"),
    ]


def test_terms_stand_with_their_descriptions(parse):
    assert kinds(parse("CPU:: The brain\nof it\nDisk::\n  Stores\n", "a.adoc")) == [
        ("list", "- CPU: The brain of it\n- Disk: Stores")
    ]


def test_code_keeps_its_language_and_loses_its_callouts(parse):
    block = parse("[source,java]\n----\nclass A {} // <1>\n== no heading\n----\n<1> A class\n", "a.adoc").blocks[0]
    assert (block.type, block.language, block.text) == ("code", "java", "class A {}\n== no heading")


def test_quotes_and_admonitions_have_their_role(parse):
    blocks = parse(
        "NOTE: Mind it.\n\n[quote, Ann, A Book]\n____\nTo be.\n____\n\n[TIP]\n====\nSwim.\n====\n", "a.adoc"
    ).blocks
    assert [(block.text, block.metadata["role"]) for block in blocks] == [
        ("NOTE: Mind it.", "admonition"), ("To be.", "quote"), ("— Ann, A Book", "quote"),
        ("TIP: Swim.", "admonition"),
    ]  # fmt: skip


def test_comments_and_includes_are_no_text_but_includes_are_named(parse):
    block = parse("// no\n////\nneither\n////\ntext\n\ninclude::other.adoc[]\n", "a.adoc").blocks[0]
    assert (block.text, block.metadata["includes"]) == ("text", ["other.adoc"])


def test_lines_behind_a_condition_that_the_document_denies_are_left_out(parse):
    text = ":set: 1\n:!off:\n\nifdef::set[]\none\nendif::[]\nifdef::off[]\ntwo\nendif::[]\nifndef::set[three]\n"
    assert kinds(parse(text, "a.adoc")) == [("paragraph", "one")]


def test_a_table_has_the_columns_of_its_first_line(parse):
    assert table(parse, "|===\n|a |b\n\n|1\n|2 \\| 3\n|===\n") == ["| a | b |", "| --- | --- |", "| 1 | 2 \\| 3 |"]


def test_cells_span_repeat_and_have_styles(parse):
    text = '[cols="1,2*^",options="header"]\n|===\n^h|A |B ^.^|C\n2+|wide |x\n.2+|tall |1 |2\n|3 |4\n3*|same\n|===\n'
    assert table(parse, text) == [
        "| A | B | C |", "| --- | --- | --- |", "| wide |  | x |", "| tall | 1 | 2 |", "|  | 3 | 4 |",
        "| same | same | same |",
    ]  # fmt: skip


def test_a_letter_in_a_cell_is_no_style(parse):
    assert table(parse, "|===\n^h| Code ^h| Name\n| s | Strong\n|===\n")[2] == "| s | Strong |"


def test_tables_of_values_and_tables_in_cells_are_read(parse):
    assert table(parse, ',===\na,"b, c"\n,===\n')[0] == "| a | b, c |"
    assert table(parse, "[format=dsv]\n|===\na:b\n|===\n")[0] == "| a | b |"
    assert table(parse, "|===\n|A |B\n\n|x a|\n!===\n! in ! side\n!===\n|===\n")[2] == "| x | in side |"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*b* _i_ `c_d*e*` #m# H~2~O **a**b", "b i `c_d*e*` m H2O ab"),
        ("https://x.org[a site^] link:a.html[here] <<id,there>> xref:b.adoc[more]", "a site here there more"),
        ("kbd:[Ctrl+C] btn:[OK] menu:File[Save > As]", "Ctrl+C OK File > Save > As"),
        ("image:x.png[A lake,300] ((term))(((hidden))) [[id]]x", "A lake term x"),
        ("one +\ntwo", "one\ntwo"),
        (r"\*not bold* 2 * 3 * 4", "*not bold* 2 * 3 * 4"),
        ('"`so`" -- (C)', "“so” — ©"),
    ],
)
def test_marks_and_macros_leave_their_words(parse, text, shown):
    assert parse(text, "a.adoc").blocks[0].text == shown


def test_a_footnote_follows_its_paragraph(parse):
    blocks = parse("Text.footnote:[A _note_.]\n", "a.adoc").blocks
    assert [(block.text, block.metadata.get("role")) for block in blocks] == [("Text.", None), ("A note.", "footnote")]


def test_a_picture_is_its_alternative_text(parse):
    block = parse("image::lake.png[A lake]\n", "a.adoc").blocks[0]
    assert (block.type, block.text, block.metadata["source"]) == ("image", "A lake", "lake.png")


def test_blocks_know_their_lines(parse):
    blocks = parse("= A\n\none\ntwo\n\n----\nx\n----\n", "a.adoc").blocks
    assert [block.metadata["lines"] for block in blocks] == [[1, 1], [3, 4], [7, 7]]


def test_a_table_that_would_be_huge_is_refused(reason):
    assert reason('[cols="999*,999*"]\n|===\n' + ".99+|a\n" * 9000 + "|===", "a.adoc") == "too_large"


def test_code_without_delimiters_keeps_all_its_lines(parse):
    text = "[source,toml]\n// not needed\nname = 1\n[parts]\n// two\n:x: y\n----\n\nEnd.\n"
    assert kinds(parse(text, "a.adoc")) == [
        ("code", "// not needed\nname = 1\n[parts]\n// two\n:x: y\n----"), ("paragraph", "End."),
    ]  # fmt: skip


def test_a_comment_above_delimited_code_is_none_of_it(parse):
    text = "[source,java]\n// a comment\n.Title\n----\nf();\n----\n"
    assert kinds(parse(text, "a.adoc")) == [("paragraph", "Title"), ("code", "f();")]


def test_cells_keep_text_that_would_be_a_sign_in_a_block(parse):
    text = "|===\n|.docx |[optional]\n\n|.NET\n|--\n|===\n"
    assert kinds(parse(text, "a.adoc")) == [("table", "| .docx | [optional] |\n| --- | --- |\n| .NET | -- |")]


def test_cells_of_blocks_leave_their_words(parse):
    text = "[cols='1,a']\n|===\n|x\n|.Title\n* one\n\n|y\n|[TIP]\n====\nswim\n====\n|===\n"
    assert kinds(parse(text, "a.adoc")) == [("table", "| x | Title one |\n| --- | --- |\n| y | TIP: swim |")]


def test_lines_of_a_value_in_quotes_are_parted(parse):
    assert kinds(parse(',===\na,"b\nc"\n,===\n', "a.adoc")) == [("table", "| a | b c |\n| --- | --- |")]
