"""PPT: the binary presentations of PowerPoint 97 to 2003."""

from collections.abc import Iterator
from itertools import zip_longest
from struct import error as StructError
from struct import unpack_from
from typing import ClassVar, NamedTuple

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.flow import Flow, finish
from rage_assets.blocks.parsing.office.ole import CompoundFile
from rage_assets.blocks.parsing.office.ppt_drawing import Shape, shapes_of, table_rows, texts_of
from rage_assets.blocks.parsing.office.ppt_records import Record, SlideFile
from rage_assets.blocks.parsing.office.ppt_text import NOTES, TITLES, Text, paragraphs
from rage_assets.blocks.parsing.office.pptx import PptxParser
from rage_assets.blocks.parsing.office.soffice import read_converted
from rage_assets.blocks.parsing.office.story import write
from rage_assets.blocks.parsing.outline import Outline
from resources.errors import ParseFailed

_PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_SLIDE_LIST, _SLIDE_ENTRY, _SLIDE_ATOM = 0x0FF0, 0x03F3, 0x03EF
_SLIDES, _NOTES = 0, 2
_TAGS, _TAG, _TAG_DATA, _COMMENT, _STRING = 0x1388, 0x138A, 0x138B, 0x2EE0, 0x0FBA
_MAX_DEPTH = 20


class PptParser:
    """Reads binary presentations: titles, texts, tables, comments and the speaker's notes."""

    name = "ppt"
    version = 3
    suffixes: ClassVar[dict[str, str]] = dict.fromkeys((".ppt", ".pps", ".pot"), "application/vnd.ms-powerpoint")

    def parse(self, content: Content) -> Outline:
        """The blocks of each slide from its top, with the slide's number as `page`.

        Where LibreOffice is installed, the presentation is read as what it makes of it.
        """
        outline = read_converted(content, "pptx", _PPTX, PptxParser().parse)
        return outline if outline is not None else self.read(content)

    def read(self, content: Content) -> Outline:
        """Read a presentation without LibreOffice."""
        file = CompoundFile(content)
        if file.has("EncryptedSummary"):
            raise ParseFailed("encrypted", "The presentation is protected by a password.")
        slides = SlideFile(file)
        outline = Outline()
        try:
            for page, slide in enumerate(_slides(slides), start=1):
                # A slide without a title is no part of the one before it.
                part = Outline()
                part.page = page
                _add_slide(slides, slide, part)
                outline.extend(part)
        except StructError:
            raise ParseFailed("broken", "The presentation is damaged.") from None
        finish(outline, **file.facts())
        return outline


class _Slide(NamedTuple):
    record: Record | None
    outline: list[Text]
    notes: Record | None


def _slides(file: SlideFile) -> Iterator[_Slide]:
    """The slides in their order, each with the texts of its placeholders."""
    document = file.object(file.document)
    lists = [each for each in file.children(document) if each.kind == _SLIDE_LIST] if document else []
    notes = {name: number for each in lists if each.instance == _NOTES for number, name, _ in _entries(file, each)}
    seen: set[int] = set()
    for each in lists:
        for number, _, texts in _entries(file, each) if each.instance == _SLIDES else ():
            record = file.object(number)
            if record and record.start in seen:  # a small file that repeats itself
                continue
            seen.add(record.start if record else -1)
            atom = file.child(record, _SLIDE_ATOM) if record else None
            name = unpack_from("<I", file.data, atom.start + 16)[0] if atom and atom.end - atom.start >= 20 else 0
            notes_number = notes.pop(name, None) if name else None
            of_notes = file.object(notes_number) if notes_number is not None else None
            if of_notes and of_notes.start in seen:
                of_notes = None
            seen.add(of_notes.start if of_notes else -1)
            yield _Slide(record, texts, of_notes)


def _entries(file: SlideFile, slides: Record) -> Iterator[tuple[int, int, list[Text]]]:
    """The entries of a list of slides: the number of the object, its name for others, and its texts."""
    starts = [each for each in file.children(slides) if each.kind == _SLIDE_ENTRY and each.end - each.start >= 16]
    for entry, after in zip_longest(starts, starts[1:]):
        end = after.start - 8 if after else slides.end
        number, name = unpack_from("<I8xI", file.data, entry.start)
        yield number, name, texts_of(file, entry._replace(start=entry.end, end=end), [])


def _add_slide(file: SlideFile, slide: _Slide, outline: Outline) -> None:
    flow = Flow(outline)
    shapes = shapes_of(file, slide.record, slide.outline) if slide.record else []
    texts = [shape.text for shape in _all(shapes) if shape.text]
    titles = [text for text in texts if text.kind in TITLES]
    flow.heading(" ".join(text.plain for text in titles), 1)
    _add_shapes(shapes, flow)
    if not texts:
        for text in slide.outline:
            write(list(paragraphs(text)), flow)
    flow.flush()
    for shape in _all(shapes_of(file, slide.notes, [])) if slide.notes else ():
        if shape.text and shape.text.kind == NOTES:
            outline.paragraph(shape.text.text.replace("\r", "\n"), role="note")
    for author, comment in _comments(file, slide.record) if slide.record else ():
        outline.paragraph(comment.replace("\r", "\n"), role="comment", author=author or None)


def _add_shapes(shapes: list[Shape], flow: Flow) -> None:
    for shape in shapes:
        if shape.is_table:
            flow.table(table_rows(shape))
        elif shape.shapes:
            _add_shapes(shape.shapes, flow)
        elif shape.text and shape.text.kind not in TITLES and shape.text.plain != "*":  # the place of a number
            write(list(paragraphs(shape.text)), flow)
            flow.flush()


def _all(shapes: list[Shape]) -> Iterator[Shape]:
    for shape in shapes:
        yield shape
        yield from _all(shape.shapes)


def _comments(file: SlideFile, slide: Record) -> Iterator[tuple[str, str]]:
    """The comments on a slide, each with its author."""
    for tags in file.children(slide):
        for tag in file.children(tags) if tags.kind == _TAGS else ():
            data = file.child(tag, _TAG_DATA) if tag.kind == _TAG else None
            for comment in file.children(data) if data else ():
                if comment.kind == _COMMENT:
                    strings = {each.instance: file.bytes_of(each) for each in file.children(comment) if each.kind == _STRING}
                    author, text = (strings.get(at, b"").decode("utf-16-le", "replace") for at in (0, 1))
                    yield author, text
