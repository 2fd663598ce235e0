from tests.parsing.small_files import line, pdf


def texts(document):
    return [block.text for block in document.blocks]


def lines(texts, x=72, y=700, **font):
    return "".join(line(text, x, y - 14 * at, **font) for at, text in enumerate(texts))


def test_pages_count_from_one(parse):
    document = parse(pdf(line("First page here", 72, 700), line("Second page here", 72, 700)), "a.pdf")
    assert [(block.page, block.text) for block in document.blocks] == [(1, "First page here"), (2, "Second page here")]


def test_larger_type_is_a_heading(parse):
    content = line("The Lake", 72, 720, 20) + lines(
        ["It is cold in spring, and those who swim in", "it are few and far between."], y=690
    )
    document = parse(pdf(content), "a.pdf")
    assert [(block.type.value, block.section) for block in document.blocks] == [
        ("heading", []),
        ("paragraph", ["The Lake"]),
    ]


def test_a_hyphenated_word_is_one_word_again(parse):
    document = parse(pdf(lines(["Nobody knows how deep the moun-", "tain lake really is."])), "a.pdf")
    assert texts(document) == ["Nobody knows how deep the mountain lake really is."]


def test_two_columns_are_read_one_after_the_other(parse):
    left = [f"left column line number {at} of text" for at in range(8)]
    right = [f"right column line number {at} of text" for at in range(8)]
    across = "".join(
        lines([a], y=700 - 14 * at) + lines([b], 330, 700 - 14 * at)
        for at, (a, b) in enumerate(zip(left, right, strict=True))
    )
    assert " ".join(texts(parse(pdf(across), "a.pdf"))) == " ".join(left + right)


def test_running_headers_and_page_numbers_are_left_out(parse):
    pages = [line("Annual report", 72, 770) + line(f"What page {word} says", 72, 500) + line(f"Page {at}", 300, 20)
             for at, word in enumerate(["one", "two", "three", "four"], start=1)]  # fmt: skip
    assert texts(parse(pdf(*pages), "a.pdf")) == [f"What page {word} says" for word in ("one", "two", "three", "four")]


def test_pieces_in_columns_are_a_table(parse):
    rows = [("Name", "Age", "Town"), ("Ann", "31", "Bern"), ("Bob", "42", "Graz"), ("Cid", "53", "Linz")]
    content = "".join(
        line(text, 72 + 120 * column, 700 - 16 * at) for at, row in enumerate(rows) for column, text in enumerate(row)
    )
    block = parse(pdf(content), "a.pdf").blocks[0]
    assert block.type.value == "table"
    assert block.text.splitlines()[-1] == "| Cid | 53 | Linz |"


def test_bullets_are_one_list(parse):
    document = parse(pdf(lines(["* the first thing", "* the second thing"])), "a.pdf")
    assert [(block.type.value, block.text) for block in document.blocks] == [
        ("list", "- the first thing\n- the second thing")
    ]


def test_a_page_without_text_has_none(reason):
    assert reason(pdf("0 0 100 100 re f"), "scan.pdf") == "no_text"


def test_a_password_is_a_reason(reason, shared):
    assert reason((shared / "hostile/pdf_encrypted/password.pdf").read_bytes(), "a.pdf") == "encrypted"


def test_a_space_that_is_only_moved_to_parts_words(parse):
    content = "BT /F1 10 Tf 72 700 Td (the) Tj 13.9 0 Td (y) Tj 6.85 0 Td (are told) Tj ET"
    assert texts(parse(pdf(content), "a.pdf")) == ["they are told"]


def test_letters_set_wide_apart_stay_a_word(parse):
    content = "BT /F1 10 Tf 1.9 Tc 72 700 Td (LAKES) Tj ET"
    assert texts(parse(pdf(content), "a.pdf")) == ["LAKES"]


def test_an_item_goes_on_where_its_sentence_is_open(parse):
    document = parse(pdf(lines(["(1) The lake is cold and", "nobody swims in it.", "(2) The river is warm."])), "a.pdf")
    assert texts(document) == ["(1) The lake is cold and nobody swims in it.\n(2) The river is warm."]
