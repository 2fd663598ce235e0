"""What the built-in recogniser makes of pictures of text."""

import pytest

from rage_assets.blocks.parsing.images import ocr
from rage_assets.blocks.parsing.images.columns import Column, Row, columns_of, ordered, rows_of
from rage_assets.blocks.parsing.images.ctc import decode
from rage_assets.blocks.parsing.images.page_blocks import add_recognised_page
from rage_assets.blocks.parsing.images.recognised import RecognisedLine, RecognisedPage
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pdf.lines import Segment
from tests.parsing.pictures import LINES, drawn


def words(page):
    return " ".join(line.text for line in page.lines)


def page_of(*lines, size=(1000, 1400), confidence=0.98, **more):
    found = [RecognisedLine(text, (x, y, x + wide, y + 40), confidence) for text, x, y, wide in lines]
    return RecognisedPage(found, more.get("rotation", 0), size, "test", more.get("skew", 0.0))


def blocks(page, scale=1.0):
    outline = Outline()
    outline.page = 1
    add_recognised_page(outline, page, scale)
    return outline.blocks


def test_words_keep_their_spaces():
    page = ocr.recognise(drawn(LINES, size=13))
    assert words(page).split() == " ".join(LINES).split()


def test_most_german_letters_are_read():
    lines = ["Größere Mädchen hören schöne Töne", "auf der Straße und müssen grüßen"]
    special = {word for word in " ".join(lines).split() if not word.isascii()}
    found = special & set(words(ocr.recognise(drawn(lines, size=20))).split())
    assert len(found) > len(special) / 2, found


def test_dots_of_two_letters_are_no_umlaut():
    lines = ["Hawaii has radii of many minimi", "in a skiing village with aioli"]
    assert words(ocr.recognise(drawn(lines))).split() == " ".join(lines).split()


def test_a_space_that_is_barely_likely_is_there_if_the_picture_is_white():
    import numpy as np

    alphabet = ["", "a", "b", " "]
    columns = np.full((9, 4), 0.0)
    columns[:, 0] = 0.9
    for at, char in ((1, 1), (3, 2), (7, 1)):
        columns[at] = 0.0
        columns[at, char] = 1.0
    columns[5, 3] = 0.05
    wide = decode(columns, alphabet, 9, lambda start, end: 12 if start == 3 else 2)
    assert (wide.text, wide.places[0]) == ("ab a", pytest.approx(1.5 / 9))
    assert decode(columns, alphabet, 9, lambda start, end: 2).text == "aba"


def test_words_of_capitals_keep_their_spaces():
    line = "THE ORGANISATION OF AN OFFICE"
    assert words(ocr.recognise(drawn([line], size=20))) == line


def test_no_spaces_are_seen_within_numbers_and_addresses():
    lines = ["0.0000001 and 121.440", "jill.ill1@mail.example.org"]
    assert words(ocr.recognise(drawn(lines, size=20))).split() == " ".join(lines).split()


def test_spaces_are_found_in_uneven_light():
    from PIL import Image

    page = drawn(LINES)
    light = Image.linear_gradient("L").rotate(90).resize(page.size).point(lambda value: 90 + value * 165 // 255)
    shaded = Image.composite(page, Image.new("RGB", page.size), light)
    assert words(ocr.recognise(shaded)).split() == " ".join(LINES).split()


@pytest.mark.parametrize("line", ["el camarón rápido está aquí así", "la soirée à côté de la fenêtre"])
def test_accents_are_read_by_their_shape(line):
    wanted = {word for word in line.split() if not word.isascii()}
    found = set(words(ocr.recognise(drawn([line]))).split())
    assert len(wanted & found) > len(wanted) / 2, found


def test_a_capital_is_told_from_its_small_letter_by_its_height():
    found = words(ocr.recognise(drawn(["the AWS account of the USPS", "with some vowels and cows"])))
    assert found.split() == ["the", "AWS", "account", "of", "the", "USPS", "with", "some", "vowels", "and", "cows"]


def test_letters_between_digits_are_digits():
    from rage_assets.blocks.parsing.images.ctc import Reading
    from rage_assets.blocks.parsing.images.letters import with_right_letters

    said = "at 1O,oo0.50 or 2l3 KB"
    places = tuple((at + 0.5) / len(said) for at in range(len(said)))
    import numpy as np

    blank = np.full((48, 400, 3), 255, dtype=np.uint8)
    assert with_right_letters(blank, Reading(said, 1.0, places, 0.5)).text == "at 10,000.50 or 213 KB"


def test_type_that_is_small_for_its_large_page_is_read():
    from PIL import Image

    page = Image.new("RGB", (4200, 2600), "white")
    page.paste(drawn(LINES, size=24), (300, 1200))
    assert words(ocr.recognise(page)).split() == " ".join(LINES).split()


def test_very_small_type_is_read():
    page = ocr.recognise(drawn(LINES, size=9))
    found = words(page).split()
    assert len(set(" ".join(LINES).split()) & set(found)) >= 0.9 * len(set(" ".join(LINES).split()))


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_is_read_and_its_places_are_those_of_the_picture(turn):
    upright, turned = drawn(LINES), drawn(LINES).rotate(turn, expand=True)
    page = ocr.recognise(turned)
    assert page.rotation == turn
    assert sorted(words(page).split()) == sorted(" ".join(LINES).split())
    first = next(line for line in page.lines if line.text.startswith("The quick"))
    left, top, right, bottom = page.shown(first.bbox)
    # The first line is at the upper edge, which the turn (counterclockwise) moved.
    edge = {90: left, 180: turned.height - bottom, 270: turned.width - right}[turn]
    assert edge < 0.2 * upright.height
    assert 0 <= left < right <= turned.width
    assert 0 <= top < bottom <= turned.height


def test_a_small_slope_does_no_harm():
    page = ocr.recognise(drawn(LINES).rotate(2, expand=True, fillcolor="white"))
    assert page.skew == pytest.approx(-0.035, abs=0.01)
    assert " ".join(block.text for block in blocks(page)) == " ".join(LINES)


def test_light_type_on_a_dark_ground_is_read():
    assert words(ocr.recognise(drawn(LINES, ground="black", ink="white"))).split() == " ".join(LINES).split()


def test_a_script_that_the_weights_do_not_know_is_not_read_surely():
    assert not ocr.recognise(drawn(["Съешь же ещё этих мягких французских", "булок, да выпей чаю, друг мой"])).sure


def test_noise_has_no_text():
    from PIL import Image

    assert not ocr.recognise(Image.effect_noise((400, 300), 80).convert("RGB")).sure


def test_two_columns_are_read_one_after_the_other():
    left = [(f"left line {at} of this page", 50, 100 + 50 * at, 400) for at in range(6)]
    right = [(f"right line {at} of this page", 480, 90 + 50 * at, 400) for at in range(6)]
    across = [("A title above both of the columns", 200, 20, 500)]
    text = " ".join(block.text for block in blocks(page_of(*across, *right, *left)))
    assert text == " ".join(line[0] for line in across + left + right)


def test_a_line_across_the_page_parts_the_columns_above_from_those_below():
    names = [("a1", 50, 100), ("b1", 600, 100), ("across", 50, 400), ("a2", 50, 700), ("b2", 600, 700)]
    lines = [(f"{name} is some text", x, y, 800 if name == "across" else 350) for name, x, y in names]
    text = [block.text.split()[0] for block in blocks(page_of(*lines))]
    assert text == ["a1", "b1", "across", "a2", "b2"]


def test_pieces_of_a_line_are_one_line():
    rows = rows_of([Segment("over", 105, 200, 50, 30, False, 1), Segment("Jumps", 0, 100, 52, 30, False, 0)])
    assert [row.text for row in rows] == ["Jumps over"]


def test_columns_with_little_white_between_them_are_no_lines():
    left = [(f"left line {at} of this page", 50, 100 + 50 * at, 400) for at in range(6)]
    right = [(f"right line {at} of this page", 460, 100 + 50 * at, 400) for at in range(6)]
    text = " ".join(block.text for block in blocks(page_of(*left, *right)))
    assert text == " ".join(line[0] for line in left + right)


def test_a_line_that_runs_over_the_white_between_columns_is_parted_where_others_begin():
    import numpy as np

    from rage_assets.blocks.parsing.images.ctc import Reading
    from rage_assets.blocks.parsing.images.gutters import gutters

    def box(left, top, right):
        return np.array([[left, top], [right, top], [right, top + 20], [left, top + 20]], dtype=np.float32)

    # The characters of "ab cd": the middles of b and c are 40 pixels apart, and the line is 400 wide.
    both = Reading("ab cd", 1.0, (0.1, 0.4, 0.45, 0.5, 0.9), 0.5)
    one = Reading("ab", 1.0, (0.1, 0.9), 0.5)
    columns = [box(195, 30 * at, 400) for at in range(1, 6)]
    readings = [both, *[one] * 5]
    assert gutters([box(0, 0, 400), *columns], readings)[0] == (pytest.approx(0.45),)
    elsewhere = [box(260, 30 * at, 400) for at in range(1, 6)]
    assert gutters([box(0, 0, 400), *elsewhere], readings)[0] == ()


def test_the_end_of_a_line_that_is_found_twice_is_one():
    import numpy as np

    from rage_assets.blocks.parsing.images.corners import without_doubles

    line = np.array([[0, 0], [400, 0], [400, 20], [0, 20]], dtype=np.float32)
    end = np.array([[380, 1], [402, 1], [402, 19], [380, 19]], dtype=np.float32)
    assert len(without_doubles([line, end, line + 30])) == 2


def test_columns_that_wait_for_each_other_are_all_read():
    rows = [Row((Segment(str(at), 100.0 * at, 100.0 * at + 180, 500.0 - 7 * at, 30, False, at),)) for at in range(5)]
    assert len(ordered([Column.of([row]) for row in rows])) == 5
    assert sum(len(column.rows) for column in columns_of(rows)) == 5


def test_blocks_say_where_they_stand_and_how_sure_they_are():
    page = page_of(("Some text of one line", 100, 200, 300), size=(1000, 1400), rotation=180, confidence=0.9)
    (block,) = blocks(page, scale=0.5)
    assert block.metadata == {"bbox": [300.0, 580.0, 450.0, 600.0], "confidence": 0.9}


def test_blocks_of_a_doubtful_page_say_so():
    (block,) = blocks(page_of(("Seme taxt 0f ane Iine", 100, 200, 300), confidence=0.7))
    assert block.metadata["low_confidence"] is True


def test_cells_under_each_other_are_a_table():
    rows = [("Name", "Age", "Town"), ("Ann", "31", "Bern"), ("Bob", "42", "Graz"), ("Cid", "53", "Linz")]
    lines = [(text, 100 + 300 * c, 100 + 60 * r, 80) for r, row in enumerate(rows) for c, text in enumerate(row)]
    (block,) = blocks(page_of(*lines))
    assert block.type.value == "table"
    assert block.text.splitlines()[-1] == "| Cid | 53 | Linz |"
