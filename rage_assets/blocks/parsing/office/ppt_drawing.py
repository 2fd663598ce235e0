"""The shapes of a slide in the binary PowerPoint format: where they stand, their texts, groups and tables."""

from dataclasses import dataclass, field
from struct import unpack_from

from rage_assets.blocks.parsing.office.ppt_records import Record, SlideFile
from rage_assets.blocks.parsing.office.ppt_text import Text

_DRAWING, _CANVAS = 0x040C, 0xF002
_GROUP, _SHAPE = 0xF003, 0xF004
_IN_GROUP, _ANCHOR, _CLIENT_DATA, _CLIENT_TEXT = 0xF00F, 0xF010, 0xF011, 0xF00D
_PROPERTIES = (0xF00B, 0xF121, 0xF122)
_SHAPE_KIND, _LINE = 0xF00A, 20
_TABLE = 0x039F
_PLACEHOLDER, _FURNITURE = 0x0BC3, (7, 8, 9, 10)  # date, number, footer and header
_TAGS, _TAG, _TAG_DATA, _NUMBERS = 0x1388, 0x138A, 0x138B, 0x0FAC
_HEADER, _CHARACTERS, _BYTES, _STYLE, _OUTLINE = 0x0F9F, 0x0FA0, 0x0FA8, 0x0FA1, 0x0F9E
_MAX_DEPTH = 20
_MAX_GRID = 200
_SAME_HEIGHT = 0.02


@dataclass
class Shape:
    """A shape.

    Attributes:
        box: Its left, top, right and bottom, in the units of what it stands in.
        text: Its text; None without one.
        shapes: What it groups.
        is_table: Whether they are the cells of a table.
        is_line: Whether it only is a line.
    """

    box: tuple[int, int, int, int] = (0, 0, 0, 0)
    text: Text | None = None
    shapes: list["Shape"] = field(default_factory=list)
    is_table: bool = False
    is_line: bool = False


def texts_of(file: SlideFile, record: Record, outline: list[Text]) -> list[Text]:
    """The texts in a record, one after the other.

    Args:
        file: The presentation.
        record: A list of slides, or the text box of a shape.
        outline: The texts of the slide that its shapes refer to by number.
    """
    found: list[Text] = []
    for each in file.children(record):
        data = file.bytes_of(each)
        if each.kind == _HEADER and len(data) >= 4:
            found.append(Text(unpack_from("<I", data)[0]))
        elif each.kind == _OUTLINE and len(data) >= 4:
            number = unpack_from("<I", data)[0]
            found += outline[number : number + 1]
        elif found and each.kind == _CHARACTERS:
            found[-1].text = data.decode("utf-16-le", "replace")
        elif found and each.kind == _BYTES:
            found[-1].text = data.decode("latin-1")
        elif found and each.kind == _STYLE:
            found[-1].style = data
    return found


def shapes_of(file: SlideFile, slide: Record, outline: list[Text]) -> list[Shape]:
    """The shapes of a slide, from its top."""
    drawing = file.child(slide, _DRAWING)
    canvas = file.child(drawing, _CANVAS) if drawing else None
    group = file.child(canvas, _GROUP) if canvas else None
    return _group(file, group, outline, 0).shapes if group else []


def _group(file: SlideFile, record: Record, outline: list[Text], depth: int) -> Shape:
    group, members = Shape(), list(file.children(record))
    own = next((each for each in members if each.kind == _SHAPE), None)
    for each in members:
        if each is own:
            itself = _shape(file, each, outline)
            group.box, group.is_table = itself.box, itself.is_table
        elif each.kind == _SHAPE:
            group.shapes.append(_shape(file, each, outline))
        elif each.kind == _GROUP and depth < _MAX_DEPTH:
            group.shapes.append(_group(file, each, outline, depth + 1))
    group.shapes = _in_reading_order(group.shapes)
    return group


def _in_reading_order(shapes: list[Shape]) -> list[Shape]:
    """From the top; those that begin at about the same height from the left."""
    shapes = sorted(shapes, key=lambda shape: (shape.box[1], shape.box[0]))
    height = max((shape.box[3] for shape in shapes), default=0) - (shapes[0].box[1] if shapes else 0)
    rows: list[list[Shape]] = []
    for shape in shapes:
        if rows and shape.box[1] - rows[-1][0].box[1] <= height * _SAME_HEIGHT:
            rows[-1].append(shape)
        else:
            rows.append([shape])
    return [shape for row in rows for shape in sorted(row, key=lambda shape: (shape.box[0], shape.box[1]))]


def _shape(file: SlideFile, record: Record, outline: list[Text]) -> Shape:
    shape = Shape()
    numbers = b""
    hidden = False
    for each in file.children(record):
        size = each.end - each.start
        if each.kind == _ANCHOR and size >= 8:
            top, left, right, bottom = unpack_from("<4i" if size >= 16 else "<4h", file.data, each.start)
            shape.box = (left, top, right, bottom)
        elif each.kind == _IN_GROUP and size >= 16:
            shape.box = unpack_from("<4i", file.data, each.start)
        elif each.kind in _PROPERTIES:
            shape.is_table = shape.is_table or _says_table(file.bytes_of(each))
        elif each.kind == _SHAPE_KIND:
            shape.is_line = each.instance == _LINE
        elif each.kind == _CLIENT_DATA:
            placeholder = file.child(each, _PLACEHOLDER)
            hidden = placeholder is not None and file.data[placeholder.start + 4 : placeholder.start + 5] in map(
                _byte, _FURNITURE
            )
            numbers = _numbers(file, each)
        elif each.kind == _CLIENT_TEXT:
            shape.text = next(iter(texts_of(file, each, outline)), None)
    if shape.text is not None:
        shape.text.numbers = shape.text.numbers or numbers
    if hidden:
        shape.text = None
    return shape


def _byte(number: int) -> bytes:
    return bytes((number,))


def _says_table(properties: bytes) -> bool:
    for at in range(0, len(properties) - 5, 6):
        name, value = unpack_from("<HI", properties, at)
        if name & 0x3FFF == _TABLE:
            return bool(value & 1)
    return False


def _numbers(file: SlideFile, record: Record) -> bytes:
    """What newer versions say of how a shape's paragraphs are numbered."""
    for tags in file.children(record):
        for tag in file.children(tags) if tags.kind == _TAGS else ():
            data = file.child(tag, _TAG_DATA) if tag.kind == _TAG else None
            numbers = file.child(data, _NUMBERS) if data else None
            if numbers:
                return file.bytes_of(numbers)
    return b""


def table_rows(table: Shape) -> list[list[str]]:
    """The cells of a table as rows, placed by their edges; a merged cell stands in its first place."""
    cells = [shape for shape in table.shapes if not shape.is_line and not shape.shapes]
    lefts, tops = (sorted({shape.box[side] for shape in cells})[:_MAX_GRID] for side in (0, 1))
    rows = [[""] * len(lefts) for _ in tops]
    columns, lines = ({place: at for at, place in enumerate(places)} for places in (lefts, tops))
    for shape in cells:
        if shape.text and shape.box[0] in columns and shape.box[1] in lines:
            rows[lines[shape.box[1]]][columns[shape.box[0]]] = shape.text.plain
    return rows
