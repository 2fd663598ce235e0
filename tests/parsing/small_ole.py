"""Small binary Word documents and PowerPoint presentations, built in memory."""

from struct import pack, pack_into

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SMALLEST = 4096  # smaller streams would stand elsewhere


def ole(streams: dict[str, bytes]) -> bytes:
    """A compound file of streams; each is filled up with zeros."""
    padded = {name: data.ljust(_SMALLEST, b"\0") for name, data in streams.items()}
    sectors, fat, starts = [], [], {}
    for name, data in padded.items():
        count = -(-len(data) // _SECTOR)
        starts[name] = len(fat)
        fat += [*range(len(fat) + 1, len(fat) + count), _END]
        sectors.append(data.ljust(count * _SECTOR, b"\0"))
    entries = [_entry("Root Entry", 5, 1, _FREE, _END, 0)]
    for at, (name, data) in enumerate(padded.items(), start=1):
        after = at + 1 if at < len(padded) else _FREE
        entries.append(_entry(name, 2, _FREE, after, starts[name], len(data)))
    directory = b"".join(entries).ljust(-(-len(entries) // 4) * _SECTOR, b"\0")
    directory_start = len(fat)
    fat += [*range(len(fat) + 1, len(fat) + len(directory) // _SECTOR), _END]
    fat_start = len(fat)
    fat_count = -(-(len(fat) + 4) // 128)
    fat += [_FAT] * fat_count
    table = pack(f"<{len(fat)}I", *fat).ljust(fat_count * _SECTOR, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, fat_count, directory_start, 0, _SMALLEST, _END, 0, _END, 0)
    places = [fat_start + at for at in range(fat_count)]
    header += pack("<109I", *places, *[_FREE] * (109 - fat_count))
    return header + b"".join(sectors) + directory + table


def _entry(name: str, kind: int, child: int, right: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le").ljust(64, b"\0")
    return text + pack("<HBBIII16xI16xIQ", 2 * len(name) + 2, kind, 1, _FREE, right, child, 0, start, size)


HEADING = b"\x01\x00"  # the style of a paragraph: `heading 1` in `doc`
BODY = b"\x00\x00"
IN_TABLE = b"\x16\x24\x01"
ROW_END = IN_TABLE + b"\x17\x24\x01"
NESTED = IN_TABLE + b"\x49\x66" + pack("<I", 2)
INNER_CELL_END = NESTED + b"\x4b\x24\x01"
INNER_ROW_END = NESTED + b"\x4c\x24\x01"


def outline(level: int) -> bytes:
    """The change that gives a paragraph an outline level."""
    return b"\x40\x26" + bytes((level,))


def doc(
    paragraphs: list[tuple[str, bytes]],
    flags: int = 0,
    footnotes: list[str] = (),
    comments: list[tuple[str, str]] = (),
    narrow: bool = False,
    hidden: tuple[int, int] | None = None,
    version: int = 0xC1,
) -> bytes:
    """A Word document.

    Args:
        paragraphs: Text with the mark at its end (a carriage return, or the mark of a cell), and the properties: the style's
            number, then changes. The texts refer to notes by `\\x02`, to comments by `\\x05`.
        flags: Of the header.
        footnotes: The texts of the notes.
        comments: Author and text of each comment.
        narrow: Whether characters are one byte each.
        hidden: The first and last character that are hidden.
        version: Of the format.
    """
    body = "".join(text for text, _ in paragraphs)
    notes = [f"\x02{text}\r" for text in footnotes]
    remarks = [f"\x05{text}\r" for _, text in comments]
    text = body + "".join(notes) + ("\r" if notes else "") + "".join(remarks) + ("\r" if remarks else "") + "\r"
    width = 1 if narrow else 2
    start = 2048
    raw = text.encode("cp1252" if narrow else "utf-16-le")
    main = bytearray(start) + raw
    main += bytes(-len(main) % _SECTOR)
    table = bytearray()

    def place(index: int, data: bytes) -> None:
        pack_into("<II", main, 0x9A + 8 * index, len(table), len(data))
        table.extend(data)

    pack_into("<HH", main, 0, 0xA5EC, version)
    pack_into("<H", main, 10, flags | 0x0200)
    sizes = (len(body), sum(map(len, notes)) + bool(notes), 0, 0, sum(map(len, remarks)) + bool(remarks))
    pack_into("<5i", main, 0x4C, *sizes)
    code = start * 2 | 0x40000000 if narrow else start
    pieces = pack("<II", 0, len(text)) + pack("<HIH", 0, code, 0)
    place(33, b"\x02" + pack("<I", len(pieces)) + pieces)
    place(1, _styles())
    if notes:
        place(2, _places([at for at, char in enumerate(body) if char == "\x02"], len(body), 2))
        place(3, _bounds(notes))
    if remarks:
        authors = b"".join(pack("<H", len(author)) + author.encode("utf-16-le") for author, _ in comments)
        where = [at for at, char in enumerate(body) if char == "\x05"]
        data = b"".join(bytes(20) + pack("<H", at) + bytes(8) for at in range(len(where)))
        place(4, pack(f"<{len(where) + 1}I", *where, len(body)) + data)
        place(5, _bounds(remarks))
        place(36, authors)
    page = _page([(len(text) * width, properties) for text, properties in paragraphs], start, 13)
    place(13, pack("<III", start, start + len(body) * width, len(main) // _SECTOR))
    main += page
    if hidden:
        low, high = (start + at * width for at in hidden)
        runs = [(low - start, b""), (high - low, b"\x3c\x08\x01"), (len(raw) - (high - start), b"")]
        place(12, pack("<III", start, start + len(raw), len(main) // _SECTOR))
        main += _page(runs, start, 1)
    return ole({"WordDocument": bytes(main), "1Table": bytes(table)})


def _page(runs: list[tuple[int, bytes]], start: int, width: int) -> bytes:
    """A page of the properties of paragraphs (13 bytes each) or of characters (1)."""
    page, at, bounds, places = bytearray(_SECTOR), _SECTOR - 2, [start], b""
    for length, properties in runs:
        bounds.append(bounds[-1] + length)
        data = bytes((0, (len(properties) + 1) // 2)) if width == 13 else bytes((len(properties),))
        data += properties + bytes(len(properties) % 2)
        at = (at - len(data)) // 2 * 2
        page[at : at + len(data)] = data
        places += bytes((at // 2,)) + bytes(width - 1)
    top = pack(f"<{len(bounds)}I", *bounds) + places
    page[: len(top)] = top
    page[-1] = len(runs)
    return bytes(page)


def _styles() -> bytes:
    """Normal, and `heading 1` under the name that another language has for it."""
    styles = b""
    for number, name in ((0, "Standard"), (1, "Rubrik eins")):
        style = pack("<5H", number, 0xFFF1, 0, 0, 0) + pack("<H", len(name)) + name.encode("utf-16-le") + b"\0\0"
        styles += pack("<H", len(style)) + style + bytes(len(style) % 2)
    return pack("<H", 18) + pack("<HH14x", 2, 10) + styles


def _places(places: list[int], end: int, size: int) -> bytes:
    return pack(f"<{len(places) + 1}I", *places, end) + bytes(size * len(places))


def _bounds(texts: list[str]) -> bytes:
    bounds = [0]
    for text in texts:
        bounds.append(bounds[-1] + len(text))
    return pack(f"<{len(bounds) + 1}I", *bounds, bounds[-1] + 1)


def record(kind: int, *content: bytes, instance: int = 0) -> bytes:
    """A record of a presentation."""
    data = b"".join(content)
    return pack("<HHI", instance << 4, kind, len(data)) + data


def text(kind: int, words: str) -> bytes:
    """A text: 0 is a title, 1 a body, 2 notes, 4 any other."""
    return record(0x0F9F, pack("<I", kind)) + record(0x0FA0, words.encode("utf-16-le"))


def shape(content: bytes, left: int = 0, top: int = 0, anchor: int = 0xF010, more: bytes = b"") -> bytes:
    """A shape with a text, at a place of its slide (or, with 0xF00F, of its group)."""
    place = pack("<4h", top, left, left + 9, top + 9) if anchor == 0xF010 else pack("<4i", left, top, left + 9, top + 9)
    return record(
        0xF004,
        record(0xF00A, bytes(8), instance=1),
        record(anchor, place),
        record(0xF00D, content) if content else b"",
        more,
    )


def table(rows: list[list[str]], top: int = 0) -> bytes:
    """A table: a group that says so, with a shape for each cell."""
    own = shape(b"", 0, top, more=record(0xF122, pack("<HI", 0x039F, 1)))
    cells = [
        shape(text(4, word), 10 * x, 10 * y, 0xF00F) for y, row in enumerate(rows) for x, word in enumerate(row) if word
    ]
    return record(0xF003, own, *cells)


def ppt(slides: list[tuple[list[bytes], list[bytes]]], encrypted: bool = False, titles: list[str] = ()) -> bytes:
    """A presentation.

    Args:
        slides: For each slide its shapes, and those of its notes.
        encrypted: Whether it says that it is.
        titles: The texts that the slides' shapes refer to, one for each slide.
    """
    objects: list[bytes] = []
    entries = {0: b"", 2: b""}
    for at, (shapes, notes) in enumerate(slides):
        name = 1000 + at
        atom = record(0x03EF, bytes(16), pack("<I", name if notes else 0), bytes(4))
        outline = text(0, titles[at]) if at < len(titles) else b""
        for kind, container, content in ((0, 0x03EE, shapes), (2, 0x03F0, notes)):
            if kind and not content:
                continue
            canvas = record(0xF002, record(0xF003, shape(b""), *content))
            objects.append(record(container, atom if not kind else b"", record(0x040C, canvas)))
            entries[kind] += record(0x03F3, pack("<I8xI4x", len(objects) + 1, name if kind else 256 + at)) + (
                b"" if kind else outline
            )
    document = record(0x03E8, *(record(0x0FF0, entries[kind], instance=kind) for kind in (2, 0)))
    stream, places = b"", []
    for data in (document, *objects):
        places.append(len(stream))
        stream += data
    directory = len(stream)
    stream += record(0x1772, pack("<I", len(places) << 20 | 1), pack(f"<{len(places)}I", *places))
    edit = len(stream)
    stream += record(0x0FF5, pack("<IIIII8x", 0, 0, 0, directory, 1))
    token = 0xF3D1C4DF if encrypted else 0xE391C05F
    user = record(0x0FF6, pack("<III", 20, token, edit))
    return ole({"PowerPoint Document": stream, "Current User": user})
