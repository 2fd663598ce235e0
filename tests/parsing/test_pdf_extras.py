"""What PDFs hold beside upright text: turned pages, comments, forms, attached files, passwords, bad text layers."""

import io

import pypdfium2
import pytest

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.pdf.frame import Frame
from rage_assets.blocks.parsing.pdf.parser import PdfParser
from tests.parsing.small_files import line, pdf

TEXT = line("The lake is cold in spring.", 72, 700) + line("Few people swim in it.", 72, 640)


def with_objects(*, page="", catalog="", objects=(), content=TEXT):
    """A PDF of one page with more entries and objects; the first further object is number 7."""
    data = (
        pdf(content)
        .replace(b"/MediaBox", page.encode() + b"/MediaBox")
        .replace(b"/Pages 2 0 R", b"/Pages 2 0 R" + catalog.encode())
    )
    body, _ = data.split(b"\nxref\n")
    body += b"\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, each) for number, each in enumerate(objects, start=7))
    return body + b"trailer<</Size 20/Root 1 0 R>>\n%%EOF"


def changed(data, change):
    """A PDF after PDFium changed it."""
    document = pypdfium2.PdfDocument(data)
    change(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_turned_page_is_read_along_its_lines(parse, angle):
    def turn(document):
        document[0].set_rotation(angle)

    blocks = parse(changed(pdf(TEXT), turn), "a.pdf").blocks
    assert [block.text for block in blocks] == ["The lake is cold in spring.", "Few people swim in it."]


def test_text_that_is_turned_and_shown_upright_has_its_place_as_shown(parse):
    def turn(document):
        document[0].set_rotation(90)

    turned = "q 0 1 -1 0 612 0 cm " + line("The lake is cold.", 72, 500) + " Q"
    left, top, right, bottom = parse(changed(pdf(turned), turn), "a.pdf").blocks[0].metadata["bbox"]
    assert 72 <= left < 74
    assert right > left + 60
    assert 102 < top < 108 < 111 < bottom < 116


def test_text_along_the_margin_is_kept_and_no_heading(parse):
    margin = "q 0 1 -1 0 40 200 cm " + line("Draft of the council", 0, 0, 24) + " Q"
    blocks = parse(pdf(TEXT + margin), "a.pdf").blocks
    assert (blocks[-1].type.value, blocks[-1].text) == ("paragraph", "Draft of the council")


def test_a_box_counts_from_the_top_left_of_the_page_as_shown():
    frame = Frame(x0=10, y0=20, width=600, height=800, angle=0, rotation=0)
    assert frame.shown(*frame.box(10, 810, 110, 820)) == [0.0, 0.0, 100.0, 10.0]
    turned = Frame(x0=0, y0=0, width=600, height=800, angle=0, rotation=90)
    assert turned.shown(*turned.box(0, 0, 100, 10)) == [0.0, 0.0, 10.0, 100.0]


def test_comments_have_their_author(parse):
    note = b"<</Type/Annot/Subtype/Text/Rect[100 100 120 120]/Contents(Is this so?)/T(Ann)>>"
    block = parse(with_objects(page="/Annots[7 0 R]", objects=[note]), "a.pdf").blocks[-1]
    assert (block.text, block.metadata["role"], block.metadata["author"]) == ("Is this so?", "comment", "Ann")
    assert block.metadata["bbox"] == [100.0, 672.0, 120.0, 692.0]


def test_form_fields_are_names_and_values(parse):
    field = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(City)/V(Bern)/Rect[100 100 200 120]/P 5 0 R>>"
    empty = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(Street)/Rect[100 140 200 160]/P 5 0 R>>"
    data = with_objects(page="/Annots[7 0 R 8 0 R]", catalog="/AcroForm<</Fields[7 0 R 8 0 R]>>", objects=[field, empty])
    fields = [block.text for block in parse(data, "a.pdf").blocks if block.metadata.get("role") == "field"]
    assert fields == ["City: Bern"]


def test_attached_files_are_children(parse):
    def attach(document):
        document.new_attachment("notes.txt").set_data(b"cold water")

    (child,) = parse(changed(pdf(TEXT), attach), "a.pdf").children
    assert (child.name, child.data) == ("notes.txt", b"cold water")


def test_passwords_are_tried_in_turn(shared):
    path = shared / "hostile/pdf_encrypted/qpdf_enc-R3,V2,U=view,O=view.pdf"
    content = Content(path, path.name, "application/pdf", ["wrong", "view"])
    assert PdfParser().parse(content).blocks


def test_running_lines_are_told_by_the_first_block(parse):
    pages = [line("Annual report", 72, 770) + line(f"What page {word} says", 72, 500) + line(f"Page {at}", 300, 20)
             for at, word in enumerate(["one", "two", "three", "four"], start=1)]  # fmt: skip
    metadata = parse(pdf(*pages), "a.pdf").blocks[0].metadata
    assert (metadata["page_header"], metadata["page_footer"]) == ("Annual report", "Page 1")


def test_a_table_that_goes_on_repeats_its_header(parse):
    def rows(names, y):
        return "".join(
            line(text, 72 + 120 * column, y - 16 * at) for at, row in enumerate(names) for column, text in enumerate(row)
        )

    first = rows([("Name", "Age", "Town"), ("Ann", "31", "Bern"), ("Bob", "42", "Graz")], 700)
    second = rows([("Cid", "53", "Linz"), ("Dan", "64", "Rome"), ("Eve", "75", "Oslo")], 720)
    table = parse(pdf(first, second), "a.pdf").blocks[1]
    assert (table.page, table.metadata["continues"]) == (2, True)
    assert table.text.splitlines()[::2] == ["| Name | Age | Town |", "| Cid | 53 | Linz |", "| Eve | 75 | Oslo |"]


def test_a_page_whose_text_says_nothing_is_none(reason, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "rage_assets.blocks.parsing.pdf.scanned", None)
    assert reason(pdf(line("I" * 200, 72, 700, 2)), "a.pdf") == "no_text"


def test_an_index_stays_in_its_line(parse):
    content = line("This was said before", 72, 700) + line("12", 178, 704, 6) + line("and again.", 190, 700)
    assert parse(pdf(content), "a.pdf").blocks[0].text in (
        "This was said before12 and again.",
        "This was said before 12 and again.",
    )


def test_a_numbered_title_in_larger_type_is_a_heading(parse):
    content = (
        line("1. Water", 72, 720, 16) + line("It is cold in spring, and few people", 72, 690) + line("swim in it.", 72, 676)
    )
    assert parse(pdf(content), "a.pdf").blocks[0].type.value == "heading"
