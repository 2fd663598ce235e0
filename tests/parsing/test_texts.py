import pytest

from rage_assets.blocks.parsing.language import detect_language
from tests.parsing.small_files import zipped


def kinds(document):
    return [(block.type.value, block.text) for block in document.blocks]


def test_blank_lines_part_paragraphs_and_lines_are_known(parse):
    document = parse("one\ntwo\n\n\n* a\n* b\n", "a.txt")
    assert kinds(document) == [("paragraph", "one\ntwo"), ("list", "- a\n- b")]
    assert document.blocks[1].metadata["lines"] == [5, 6]


def test_underlined_lines_of_plain_text_are_headings(parse):
    blocks = parse("Title\n=====\n\ntext\n\nPart\n----\nmore\n", "a.txt").blocks
    assert [(block.text, block.section) for block in blocks[-2:]] == [("Part", ["Title"]), ("more", ["Title", "Part"])]


def test_capitals_and_numbers_are_headings_only_where_it_is_certain(parse):
    text = "GENERAL TERMS\n\nWe swim.\n\n1.  Scope\n\n   This part.\n\n1. Milk\n\n2. Eggs\n\nOK\n\nEND OF FILE"
    headings = [block.text for block in parse(text, "a.txt").blocks if block.type == "heading"]
    assert headings == ["GENERAL TERMS", "1.  Scope".replace("  ", " ")]


def test_what_printed_texts_repeat_on_each_page_is_left_out(parse):
    text = "one\n\nLee & Ray    Standards Track    [Page 1]\n\f\nRFC 1234    Lakes    May 2024\n\ntwo\n"
    assert kinds(parse(text, "a.txt")) == [("paragraph", "one"), ("paragraph", "two")]


def test_a_log_without_blank_lines_comes_in_parts(parse):
    log = "".join(f"2024-01-01 00:00:{n % 60:02} INFO something happened {n}\n" for n in range(1000))
    blocks = parse(log, "a.log").blocks
    assert max(len(block.text) for block in blocks) <= 8000
    assert [blocks[0].metadata["lines"][0], blocks[-1].metadata["lines"][1]] == [1, 1000]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8-sig", "Grüße aus Köln"),
        ("utf-16", "Grüße aus Köln"),
        ("utf-16-le", "Greetings from Cologne"),
        ("cp1252", "El niño comió una piña – 5 €"),
        ("cp1250", "Dzisiaj jest bardzo ładna pogoda i idziemy na spacer, żeby odpocząć"),
        ("cp1251", "Съешь же ещё этих мягких французских булок, да выпей чаю"),
        ("shift_jis", "今日はとても良い天気ですね。散歩に行きましょう。"),
        ("gb18030", "今天天气很好，我们去公园散步吧。你觉得怎么样？"),
        ("euc_kr", "오늘은 날씨가 아주 좋습니다. 산책하러 갑시다."),
    ],
)
def test_encodings_are_found_without_mojibake(parse, encoding, text):
    assert parse(text.encode(encoding), "a.txt").blocks[0].text == text


def test_one_bad_byte_does_not_spoil_utf8(parse):
    text = ("Füße über Brücken. " * 20).strip()
    assert parse(text.encode() + b" \xff end", "a.txt").blocks[0].text == text + " \ufffd end"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The quick brown fox jumps over the lazy dog", "en"),
        ("Der schnelle braune Fuchs springt über den Hund", "de"),
        ("Hi there", None),
        ("12345 67890 12345 67890 12345", None),
    ],
)
def test_the_language_is_found_where_there_is_enough_text(text, language):
    assert detect_language(text) == language


def test_a_long_block_has_its_own_language(parse):
    german = "Der See ist im Frühling kalt, und nur wenige trauen sich hinein. " * 3
    english = "The lake is cold in spring and only few people dare to swim in it. " * 6
    document = parse(f"{english}\n\nShort one\n\n{german}", "a.txt")
    assert [block.language for block in document.blocks] == ["en", "en", "de"]
    assert document.language == "en"


def test_a_message_is_its_headers_text_and_attachments_names(parse):
    message = (
        "From: ann@example.org\nTo: bob@example.org\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nHello Bob\n--b\n'
        'Content-Type: text/x-log; name="a.log"\nContent-Disposition: attachment; filename="a.log"\n\nx\n--b--\n'
    )
    assert kinds(parse(message, "a.eml")) == [
        ("heading", "Grüße"),
        ("paragraph", "From: ann@example.org\nTo: bob@example.org"),
        ("paragraph", "Hello Bob"),
        ("paragraph", "Attachments: a.log"),
    ]


def test_subtitles_are_what_is_said(parse):
    document = parse("WEBVTT\n\n00:00.000 --> 00:02.000\n<v Ann>It is <i>cold</i>\n", "a.vtt")
    assert kinds(document) == [("paragraph", "It is cold")]
    assert document.blocks[0].metadata["speaker"] == "Ann"


def test_an_article_in_xml_has_its_sections(parse):
    xml = "<article><body><sec><title>Methods</title><p>We <italic>looked</italic>.</p></sec></body></article>"
    block = parse(xml, "a.xml").blocks[1]
    assert (block.text, block.section) == ("We looked.", ["Methods"])


def test_xml_entities_are_not_expanded(parse):
    assert parse('<!DOCTYPE a [<!ENTITY b "boom">]><a>safe &b;</a>', "a.xml").blocks[0].text == "safe"


def test_a_book_is_its_chapters_in_order(parse):
    book = zipped({
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="o/c.opf"/></rootfiles></container>',
        "o/c.opf": '<package><metadata><title>Lakes</title></metadata><manifest><item id="x" href="2.html"/>'
        '<item id="y" href="1.html"/></manifest><spine><itemref idref="y"/><itemref idref="x"/></spine></package>',
        "o/1.html": "<h1>One</h1><p>first</p>",
        "o/2.html": "<h1>Two</h1><p>second</p>",
    })  # fmt: skip
    document = parse(book, "a.epub")
    assert document.title == "Lakes"
    assert [block.text for block in document.blocks] == ["One", "first", "Two", "second"]


def test_a_heading_may_stand_between_two_lines(parse):
    document = parse("=======\nThe lake\n=======\n\nIt is deep.\n\n-----\nFish\n-----\nTrout live there.\n", "a.txt")
    assert [(block.type.value, block.text) for block in document.blocks] == [
        ("heading", "The lake"), ("paragraph", "It is deep."), ("heading", "Fish"), ("paragraph", "Trout live there."),
    ]  # fmt: skip
    assert document.blocks[0].metadata["lines"] == [1, 3]
    assert document.title == "The lake"


def test_the_head_of_a_table_between_two_lines_is_no_heading(parse):
    document = parse("-----------\nName   Depth\n-----------\nMummelsee   17\n", "a.txt")
    assert [block.type.value for block in document.blocks] == ["paragraph"]
