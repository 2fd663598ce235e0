"""Bounds for binary workbooks, whose reader takes as much memory as their records say and ends where there is none."""

import io
import struct
from collections.abc import Iterator

from rage_assets.blocks.parsing.archives.archive import Archive
from resources.errors import ParseFailed

_MOST_CELLS = 10_000_000  # from the first to the last of a sheet, blank ones included
_MOST_RESERVED = 65_536 * 256  # what sheets of before 2007 may have
_BOF, _DIMENSIONS, _STRINGS = (0x0809, 0x0409, 0x0209, 0x0009), 0x0200, 0x00FC
_CELLS = {0x0006, 0x00BD, 0x00BE, 0x00D6, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E, 0x0406}
_ROW, _LAST_CELL_RECORD = 0, 11


def refuse_large(data: bytes) -> None:
    """Refuse a workbook whose records say more than can be held.

    Raises:
        ParseFailed: `broken` where it says more than the file can have, `too_large`.
    """
    if data.startswith(b"PK"):
        archive = Archive(data)
        for name in archive.names:
            if name.startswith("xl/worksheets/") and name.endswith(".bin"):
                _bound(_cells_of_today(archive.read(name)))
        return
    for stream in _streams(data):
        _check(stream)


def _streams(data: bytes) -> Iterator[bytes]:
    """The streams that hold workbooks; a file without a container is one itself."""
    import olefile

    if not data.startswith(olefile.MAGIC):
        yield data
        return
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as container:
            sizes = (entry.size for entry in container.direntries if entry is not None)
            if any(size > len(data) for size in sizes):
                raise ParseFailed("broken", "A stream says that it is longer than the file.")
            for name in ("Workbook", "Book"):
                if container.exists(name):
                    yield container.openstream(name).read()
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise ParseFailed("broken", f"The container is damaged: {error}") from None
    if max(struct.unpack_from("<I16xI4xI", data, 44)) > len(data) // 128:
        raise ParseFailed("broken", "The container says that it has more sectors than the file.")


def _check(stream: bytes) -> None:
    """Check the records of a workbook of before 2007, sheet by sheet."""
    places: list[tuple[int, int]] = []
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        body = at + 4
        at = body + length
        if kind in _BOF:
            _bound(iter(places))
            places = []
        elif kind in _CELLS and length >= 4:
            places = _corners([*places, struct.unpack_from("<HH", stream, body)])
        elif kind == _DIMENSIONS and length in (10, 14) and at <= len(stream):
            form = "<IIHH" if length == 14 else "<HHHH"
            top, bottom, left, right = struct.unpack_from(form, stream, body)
            if bottom < top or right < left or (bottom - top + 1) * (right - left + 1) > _MOST_RESERVED:
                raise ParseFailed("broken", "A sheet says that it has more cells than there can be.")
        elif kind == _STRINGS and length >= 8 and struct.unpack_from("<I", stream, body + 4)[0] > len(stream):
            raise ParseFailed("broken", "The workbook says that it has more texts than fit into it.")
    _bound(iter(places))


def _cells_of_today(sheet: bytes) -> Iterator[tuple[int, int]]:
    """The corners of the cells of a sheet of `.xlsb`, whose records are a kind, a length and a body."""
    at = row = 0
    places: list[tuple[int, int]] = []
    while at < len(sheet):
        kind, at = _number(sheet, at, 2)
        length, at = _number(sheet, at, 4)
        if length >= 4 and at + 4 <= len(sheet):
            first = int.from_bytes(sheet[at : at + 4], "little")
            if kind == _ROW:
                row = first
            elif kind <= _LAST_CELL_RECORD:
                places = _corners([*places, (row, first)])
        at += length
    return iter(places)


def _number(data: bytes, at: int, most: int) -> tuple[int, int]:
    number = 0
    for shift in range(most):
        if at >= len(data):
            break
        byte = data[at]
        number |= (byte & 0x7F) << 7 * shift
        at += 1
        if not byte & 0x80:
            break
    return number, at


def _corners(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The first and last place of an area that holds all places."""
    rows, columns = zip(*places, strict=True)
    return [(min(rows), min(columns)), (max(rows), max(columns))]


def _bound(places: Iterator[tuple[int, int]]) -> None:
    corners = list(places)
    if corners:
        (top, left), (bottom, right) = corners[0], corners[-1]
        if (bottom - top + 1) * (right - left + 1) > _MOST_CELLS:
            raise ParseFailed("too_large", f"A sheet reaches over more than {_MOST_CELLS} cells.")
