import sys
import zlib

import pytest
from PIL import Image

from rage_assets.blocks.parsing import parse_file
from rage_assets.blocks.parsing.pdf import scanned
from tests.parsing.pictures import HEIC, LINES, drawn, saved
from tests.parsing.small_files import line, pdf

TEXT = " ".join(LINES)


def text_of(document):
    return " ".join(block.text for block in document.blocks)


def picture_pdf(*pictures, **options):
    """A PDF whose pages are pictures."""
    first, *more = pictures
    return saved(first, "PDF", save_all=True, append_images=more, resolution=200, **options)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "AVIF"])
def test_every_kind_of_picture_is_read_by_its_content(parse, kind):
    document = parse(saved(drawn(LINES), kind), "scan")
    assert text_of(document) == TEXT
    assert document.media_type == f"image/{kind.lower()}"
    assert all(block.metadata["confidence"] > 0.9 for block in document.blocks)


def test_the_pages_of_a_fax_are_pages(parse):
    pages = [drawn([f"This is page number {name}", "of the fax"]).convert("1") for name in ("one", "two")]
    document = parse(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="group4"), "fax.tif")
    assert [(block.page, block.text) for block in document.blocks] == [
        (1, "This is page number one of the fax"),
        (2, "This is page number two of the fax"),
    ]


def test_only_the_first_frame_of_an_animation_is_read(parse):
    frames = [drawn(["The first frame of it"]), drawn(["The other frame of it"])]
    document = parse(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]), "a.gif")
    assert text_of(document) == "The first frame of it"


def test_a_transparent_ground_is_white(parse):
    picture = drawn(LINES).convert("L")
    ink = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    ink.putalpha(picture.point(lambda value: 255 - value))
    assert text_of(parse(saved(ink, "PNG"), "a.png")) == TEXT


def test_a_picture_of_sixteen_bits_is_read(parse):
    picture = drawn(LINES).convert("I").point(lambda value: value * 40 + 20_000).convert("I;16")
    assert text_of(parse(saved(picture, "PNG"), "a.png")) == TEXT


def test_a_photograph_is_turned_as_its_camera_says(parse):
    turned = drawn(LINES).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    document = parse(saved(turned, "JPEG", exif=exif, quality=95), "a.jpg")
    assert text_of(document) == TEXT
    left, _, right, _ = document.blocks[0].metadata["bbox"]
    assert right - left > 0.7 * turned.height  # as it is shown, wide


def test_places_are_in_pixels_of_the_file(parse):
    small = drawn(["A line of text in a picture", "and one more"])
    large = Image.new("RGB", (9000, 7000), "white")
    large.paste(small.resize((small.width * 5, small.height * 5)), (3000, 4000))
    (block,) = parse(saved(large, "PNG"), "a.png").blocks
    left, top, right, bottom = block.metadata["bbox"]
    assert 3000 <= left < right <= 3000 + 5 * small.width
    assert 4000 <= top < bottom <= 4000 + 5 * small.height


def test_the_photo_of_a_phone_is_read(parse):
    pytest.importorskip("pi_heif")
    document = parse(HEIC, "a.heic")
    assert (document.media_type, text_of(document)) == ("image/heic", "Photo of a sign")


def test_the_photo_of_a_phone_says_which_package_it_needs(monkeypatch, reason):
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    assert reason(HEIC, "a.heic") == "unsupported_format"


def test_a_picture_without_text_says_so(reason):
    assert reason(saved(Image.new("RGB", (300, 200), "white"), "PNG"), "a.png") == "no_text"
    assert reason(saved(Image.new("RGB", (1, 1), "white"), "PNG"), "a.png") == "no_text"


def test_a_picture_in_an_unknown_script_is_no_text(reason):
    assert reason(saved(drawn(["Съешь же ещё этих мягких", "французских булок"]), "PNG"), "a.png") == "no_text"


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked(reason):
    data = saved(Image.new("1", (8, 8)), "PNG")
    header = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + data[24:29]
    bomb = data[:12] + header + zlib.crc32(header).to_bytes(4, "big") + data[33:]
    assert reason(bomb, "a.png") == "too_large"
    header = b"IHDR" + (12_000).to_bytes(4, "big") * 2 + data[24:29]
    assert reason(data[:12] + header + zlib.crc32(header).to_bytes(4, "big") + data[33:], "a.png") == "too_large"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF"])
def test_a_damaged_picture_is_broken(reason, kind):
    data = saved(drawn(LINES), kind)
    assert reason(data[: len(data) // 3], "a") == "broken"
    assert reason(data[:30], "a.png") in ("broken", "binary")


def test_a_text_that_begins_like_a_bitmap_is_text(parse):
    assert text_of(parse("BMW builds cars in Munich.", "a.txt")) == "BMW builds cars in Munich."


def test_a_scanned_page_is_recognised_with_its_place_in_points(parse):
    picture = drawn(LINES)
    document = parse(picture_pdf(picture), "a.pdf")
    assert text_of(document) == TEXT
    block = document.blocks[0]
    left, top, right, bottom = block.metadata["bbox"]
    assert block.page == 1
    assert 0 <= left < right <= picture.width * 72 / 200
    assert 0 <= top < bottom <= picture.height * 72 / 200
    assert block.metadata["confidence"] > 0.9


def test_a_page_that_was_scanned_upside_down_is_read(parse):
    assert text_of(parse(picture_pdf(drawn(LINES).rotate(180)), "a.pdf")) == TEXT


def test_pages_with_a_text_layer_are_not_recognised(parse):
    document = parse(pdf(line("Text that is there already", 72, 700)), "a.pdf")
    assert "confidence" not in document.blocks[0].metadata


def test_a_page_that_no_engine_can_read_does_not_take_the_others_with_it(parse, monkeypatch):
    def missing(picture):
        raise ImportError

    monkeypatch.setattr(scanned, "recognise", missing)
    stroke = "0 0 m 600 700 l S"
    document = parse(pdf(stroke, line("Text that is there already", 72, 700)), "a.pdf")
    assert [block.page for block in document.blocks] == [2]


def test_a_pdf_of_blank_pages_has_no_text(reason):
    assert reason(pdf("", ""), "a.pdf") == "no_text"
    assert reason(picture_pdf(Image.new("RGB", (300, 200), "white")), "a.pdf") == "no_text"


def test_two_readings_are_alike():
    data = saved(drawn(LINES), "PNG")
    assert parse_file(data, "a.png").model_dump() == parse_file(data, "a.png").model_dump()
