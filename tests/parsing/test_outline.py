"""What every parser hands its blocks and files to."""

from rage_assets.blocks.parsing import Outline


def names(outline: Outline) -> list[str]:
    return [child.name for child in outline.children]


def test_files_with_equal_names_are_numbered():
    outline = Outline()
    given = [outline.attach(name, b"x") for name in ("a.pdf", "a.pdf", "b", "a.pdf", "b")]
    assert given == names(outline) == ["a.pdf", "a-2.pdf", "b", "a-3.pdf", "b-2"]


def test_only_the_name_is_numbered_and_not_its_folder():
    outline = Outline()
    for name in ("v1.0/notes", "v1.0/notes", "x/../v1.0/notes", ".env", ".env"):
        outline.attach(name, b"x")
    assert names(outline) == ["v1.0/notes", "v1.0/notes-2", "x/v1.0/notes", ".env", ".env-2"]


def test_a_number_that_is_taken_is_passed_over():
    outline = Outline()
    for name in ("a-2.pdf", "a.pdf", "a.pdf", "a-2.pdf", "a.pdf"):
        outline.attach(name, b"x")
    assert names(outline) == ["a-2.pdf", "a.pdf", "a-3.pdf", "a-2-2.pdf", "a-4.pdf"]


def test_names_that_differ_in_what_is_dropped_of_them_are_equal():
    outline = Outline()
    for name in ("../a.pdf", "a.pdf", "", "/"):
        outline.attach(name, b"x")
    assert names(outline) == ["a.pdf", "a-2.pdf", "unnamed", "unnamed-2"]


def test_files_of_a_part_are_numbered_among_those_of_the_whole():
    outline, part = Outline(), Outline()
    outline.attach("a.pdf", b"1")
    part.attach("a.pdf", b"2")
    part.attach("a.pdf", b"3")
    outline.extend(part)
    assert [(child.name, child.data) for child in outline.children] == [
        ("a.pdf", b"1"), ("a-2.pdf", b"2"), ("a-2-2.pdf", b"3"),
    ]  # fmt: skip
