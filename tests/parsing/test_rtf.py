import time

import pytest

FONTS = r"{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial Cyr;}{\f2\fcharset128 MS Mincho;}{\f3\fcharset2 Symbol;}}"
STYLES = (
    r"{\stylesheet{Normal;}{\s1\outlinelevel0 heading 1;}{\s2\sbasedon1\outlinelevel1 My own;}{\s5 Title;}{\*\cs10 Char;}}"
)


def rtf(body, head=""):
    return rf"{{\rtf1\ansi\ansicpg1252\deff0{FONTS}{STYLES}{head} {body}}}"


@pytest.fixture
def read(parse):
    """The blocks of an RTF body as kind and text."""
    return lambda body, head="": [(block.type.value, block.text) for block in parse(rtf(body, head), "a.rtf").blocks]


def test_styles_and_outline_levels_make_headings(parse):
    body = r"\pard\s5 Book\par\pard\s1 One\par\pard\s2 Two\par\pard\outlinelevel2 Three\par\pard\outlinelevel9 plain\par"
    blocks = parse(rtf(body), "a.rtf").blocks
    assert [(block.text, block.metadata.get("level")) for block in blocks] == [
        ("Book", 1), ("One", 1), ("Two", 2), ("Three", 3), ("plain", None),
    ]  # fmt: skip
    assert blocks[-1].section == ["One", "Two", "Three"]


def test_lists_keep_their_numbers_and_depth(read):
    body = (
        r"{\listtext\pard 1.\tab}\pard\ls1\ilvl0 first\par{\listtext\pard\plain\f3 \'b7\tab}\pard\ls1\ilvl1 inner\par"
        r"\pard after\par"
    )
    assert read(body) == [("list", "1. first\n  - inner"), ("paragraph", "after")]


def test_rows_make_a_table(read):
    row = r"\trowd\cellx1000\cellx2000\pard\intbl %s\cell\pard\intbl %s\cell\row"
    assert read("before\\par " + row % ("a|b", r"one\par two") + row % ("c", "") + r"\pard after") == [
        ("paragraph", "before"),
        ("table", "| a\\|b | one two |\n| --- | --- |\n| c |  |"),
        ("paragraph", "after"),
    ]


def test_cells_stand_in_the_columns_of_their_edges(read):
    body = (
        r"\trowd\cellx1000\cellx2000\cellx3000\intbl a\cell b\cell c\cell\row"
        r"\trowd\cellx2000\cellx3010\pard\intbl wide\cell d\cell\row"
    )
    assert read(body) == [("table", "| a | b | c |\n| --- | --- | --- |\n| wide |  | d |")]


def test_a_table_within_a_frame_is_a_table_of_its_own(read):
    inner = r"\pard\intbl\itap2 x\nestcell y\nestcell{\*\nesttableprops\trowd\cellx500\cellx900\nestrow}{\nonesttables\par}"
    body = r"\pard\intbl\itap1 Caption\par" + inner + r"\pard\intbl\itap1\cell{\trowd\cellx1000\row}"
    assert read(body) == [("paragraph", "Caption"), ("table", "| x | y |\n| --- | --- |")]


def test_characters_are_read_in_the_code_page_of_their_font(read):
    body = r"caf\'e9 {\f1 \'cf\'f0\'e8\'e2\'e5\'f2} {\f2 \'93\'fa\'96\'7b} \u8364? \u-10179?\u-8704? {\uc2 \u252\'81\'40x}"
    assert read(body) == [("paragraph", "café Привет 日本 € 😀 üx")]


def test_the_document_s_code_page_counts_without_a_font(parse):
    assert parse(rb"{\rtf1\ansi\ansicpg1250 \'b9\'e8}", "a.rtf").blocks[0].text == "ąč"
    assert parse(rb"{\rtf1\mac \'8e}", "a.rtf").blocks[0].text == "é"
    assert parse("{\\rtf1\\ansi\\ansicpg1251 Да}".encode("cp1251"), "a.rtf").blocks[0].text == "Да"


def test_special_characters(read):
    assert read(r"a\~b\emdash c\ldblquote d\rdblquote\line e\tab f \{g\} h\_i so\-ft") == [
        ("paragraph", "a b—c“d”\ne f {g} h\u2011i so\xadft"),
    ]


def test_what_nobody_sees_is_left_out(read):
    body = (
        r"shown{\v hidden}{\deleted gone}{\*\unknown {x} y}{\pict\wmetafile8 00ff00ff}{\*\bkmkstart mark}"
        r"{\field{\*\fldinst PAGE }{\fldrslt 7}}{\upr{old}{\*\ud{ new}}}{\object{\*\objdata 0105}{\result  shape}}"
    )
    assert read(body) == [("paragraph", "shown7 new"), ("paragraph", "shape")]


def test_binary_data_is_skipped_by_its_length(parse):
    blocks = parse(b"{\\rtf1 a{\\pict\\bin7 }}}{{\\x}b}", "a.rtf").blocks
    assert [block.text for block in blocks] == ["ab"]


def test_a_link_keeps_its_target(read):
    link = r'{\field{\*\fldinst{HYPERLINK "https://example.org/%s"}}{\fldrslt{\ul %s}}}'
    assert read(link % ("a", "here")) == [("paragraph", "here (https://example.org/a)")]
    assert read(link % ("", "https://example.org/")) == [("paragraph", "https://example.org/")]


def test_notes_and_comments_say_what_they_are(parse):
    body = (
        r"Text{\chftn}{\footnote\pard {\chftn} Small print}. More"
        r"{\*\atnid AB}{\*\atnauthor Ada}\chatn{\*\annotation{\*\atnref 1}\pard Really?}\par"
    )
    blocks = parse(rtf(body), "a.rtf").blocks
    assert [(block.text, block.metadata) for block in blocks] == [
        ("Text[1]. More", {}),
        ("[1] Small print", {"role": "footnote"}),
        ("Really?", {"role": "comment", "author": "Ada"}),
    ]


def test_headers_footers_and_facts_are_metadata_of_the_first_block(parse):
    head = r"{\info{\title Plan}{\author Ada}{\*\company X}}{\header Top\par}{\footer Page {\chpgn}\par}{\headerf Top\par}"
    document = parse(rtf("Body", head), "a.rtf")
    assert document.title == "Plan"
    assert [(block.text, block.metadata) for block in document.blocks] == [
        ("Body", {"headers": ["Top"], "footers": ["Page"], "document": {"author": "Ada"}}),
    ]


def test_a_text_box_is_read_once(read):
    shape = r"{\*\shpinst{\sp{\sn shapeType}{\sv 202}}{\shptxt \pard boxed\par}}"
    box = rf"{{\shp{shape}{{\shprslt{{\*\do{{\dptxbxtext \pard boxed\par}}}}}}}}"
    assert read(rf"beside{box}\par") == [("paragraph", "beside"), ("paragraph", "boxed")]


def test_documents_that_stand_one_after_the_other_are_all_read(parse):
    blocks = parse(r"{\rtf1 one}" + "\nsecond:\n" + r"{\rtf1 two}", "a.rtf").blocks
    assert [block.text for block in blocks] == ["one", "two"]


def test_rtf_is_read_under_any_name(parse):
    assert parse(r"{\rtf1 hello}", "letter.doc").media_type == "application/rtf"


@pytest.mark.parametrize(
    "text", [r"{\rtf1", r"{\rtf1 {{{{", "{\\rtf1 }}}}", "{\\rtf1 \\", r"{\rtf1\u}", r"{\rtf1\bin99999999 a}"]
)
def test_what_is_cut_short_has_no_text(reason, text):
    assert reason(text, "a.rtf") == "no_text"


def test_groups_nested_without_end_are_refused(reason):
    assert reason(r"{\rtf1" + "{" * 100_000, "a.rtf") == "broken"


@pytest.mark.parametrize(
    "part",
    [r"\cell", r"\row", r"\trowd\cellx1\cell\row", r"{\footnote x}", r"\itap9\nestcell", r"\u1?", "{\\shptxt x}", "\\'e9"],
)
def test_time_grows_with_the_size_only(parse, reason, part):
    start = time.perf_counter()
    parse(r"{\rtf1 x" + part * 20_000 + "}", "a.rtf")
    assert time.perf_counter() - start < 20


def test_a_byte_order_mark_is_no_text(read):
    assert read(r"a\par \u-257?\par b") == [("paragraph", "a"), ("paragraph", "b")]


def test_marks_that_are_typed_make_a_list(read):
    body = r"\pard \bullet \tab one\par\pard \bullet \tab two\par\pard before 1. x\par\pard 1.\tab first\par"
    assert read(body) == [("list", "- one\n- two"), ("paragraph", "before 1. x"), ("list", "1. first")]
