"""The straight lines that a page draws: what parts the cells of tables."""

import ctypes
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rage_assets.blocks.parsing.pdf.frame import Frame

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

Box = tuple[float, float, float, float]

_MAX_OBJECTS = 20_000
_MAX_DEPTH = 3
_MAX_POINTS = 200
_MAX_RULINGS = 2000
_THIN = 3.0  # points; a filled box that is no thicker is a line
_SNAP = 2.5  # points; lines that are closer are one
_SHORTEST = 5.0
_WHITE = 250


@dataclass(slots=True)
class Ruling:
    """A line across or down the page.

    Attributes:
        at: Its height, or its distance from the left where it goes down.
        start, end: From where to where it goes.
    """

    at: float
    start: float
    end: float

    def covers(self, low: float, high: float, slack: float = _SNAP) -> bool:
        """Whether it goes along a whole stretch."""
        return self.start <= low + slack and self.end >= high - slack


@dataclass(frozen=True)
class Rulings:
    """All lines of a page as it is read, in order of their place."""

    across: tuple[Ruling, ...] = ()
    down: tuple[Ruling, ...] = ()

    @classmethod
    def of(cls, boxes: Iterable[Box], frame: Frame) -> "Rulings":
        """The lines among thin boxes of the file."""
        across, down = [], []
        for box in boxes:
            left, bottom, right, top = frame.box(*box)
            if right - left >= top - bottom:
                across.append(Ruling((top + bottom) / 2, left, right))
            else:
                down.append(Ruling((left + right) / 2, bottom, top))
        return cls(tuple(_merged(across)), tuple(_merged(down)))

    def parts(self, left: float, right: float, height: float) -> bool:
        """Whether a line down the page goes between two places at a height."""
        lines = self.down[bisect_right(self._places, left) : bisect_left(self._places, right)]
        return any(line.start < height < line.end for line in lines)

    @cached_property
    def _places(self) -> list[float]:
        return [line.at for line in self.down]


def _merged(rulings: list[Ruling]) -> list[Ruling]:
    """The rulings with the pieces of one line joined."""
    if len(rulings) > _MAX_RULINGS:
        rulings = sorted(rulings, key=lambda each: each.start - each.end)[:_MAX_RULINGS]
    groups: list[list[Ruling]] = []
    for ruling in sorted(rulings, key=lambda each: each.at):
        if groups and ruling.at - groups[-1][0].at <= _SNAP:
            groups[-1].append(ruling)
        else:
            groups.append([ruling])
    found = []
    for group in groups:
        at = sum(each.at for each in group) / len(group)
        joined: list[Ruling] = []
        for ruling in sorted(group, key=lambda each: each.start):
            if joined and ruling.start <= joined[-1].end + _SNAP:
                joined[-1].end = max(joined[-1].end, ruling.end)
            else:
                joined.append(Ruling(at, ruling.start, ruling.end))
        found += [ruling for ruling in joined if ruling.end - ruling.start >= _SHORTEST]
    return found


def page_drawings(page: "PdfPage") -> tuple[list[Box], float]:
    """Thin boxes, in the file's coordinates: lines drawn, and the sides of boxes drawn or filled.

    Returns:
        The boxes, and how much of the page its largest picture covers.
    """
    paths = _Paths(max(page.get_width() * page.get_height(), 1.0))
    boxes = list(paths.of_page(page.raw))
    return boxes, paths.picture / paths.area


class _Paths:
    def __init__(self, area: float) -> None:
        import pypdfium2.raw as pdfium

        self.pdfium = pdfium
        self.area = area
        self.left = _MAX_OBJECTS
        self.picture = 0.0

    def of_page(self, raw: Any) -> Iterator[Box]:
        for at in range(self.pdfium.FPDFPage_CountObjects(raw)):
            yield from self._object(self.pdfium.FPDFPage_GetObject(raw, at), (1, 0, 0, 1, 0, 0), 0)

    def _object(self, raw: Any, matrix: tuple[float, ...], depth: int) -> Iterator[Box]:
        self.left -= 1
        if self.left < 0:
            return
        kind = self.pdfium.FPDFPageObj_GetType(raw)
        if kind == self.pdfium.FPDF_PAGEOBJ_PATH:
            yield from self._path(raw, matrix)
        elif kind == self.pdfium.FPDF_PAGEOBJ_IMAGE:
            a, b, c, d, *_ = _times(self._matrix(raw), matrix)
            self.picture = max(self.picture, abs(a * d - b * c))
        elif kind == self.pdfium.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
            inner = _times(self._matrix(raw), matrix)
            for at in range(min(self.pdfium.FPDFFormObj_CountObjects(raw), self.left)):
                yield from self._object(self.pdfium.FPDFFormObj_GetObject(raw, at), inner, depth + 1)

    def _matrix(self, raw: Any) -> tuple[float, ...]:
        own = self.pdfium.FS_MATRIX()
        if not self.pdfium.FPDFPageObj_GetMatrix(raw, own):
            return (1, 0, 0, 1, 0, 0)
        return own.a, own.b, own.c, own.d, own.e, own.f

    def _path(self, raw: Any, outer: tuple[float, ...]) -> Iterator[Box]:
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        count = self.pdfium.FPDFPath_CountSegments(raw)
        if count < 2 or not self.pdfium.FPDFPath_GetDrawMode(raw, fill, stroke) or not (fill.value or stroke.value):
            return
        points = self._points(raw, min(count, _MAX_POINTS), _times(self._matrix(raw), outer))
        if not stroke.value:
            whole = _around(point for line in points for point in line)
            thin = min(whole[2] - whole[0], whole[3] - whole[1]) <= _THIN
            if thin or (whole[2] - whole[0]) * (whole[3] - whole[1]) > 0.5 * self.area:
                yield from [whole] if thin else []
                return
            if self._white(raw):
                return
        for start, end in points:
            box = _around((start, end))
            if min(box[2] - box[0], box[3] - box[1]) <= 1 and max(box[2] - box[0], box[3] - box[1]) >= 1:
                yield box

    def _points(self, raw: Any, count: int, matrix: tuple[float, ...]) -> list[tuple[Any, Any]]:
        """The straight lines of a path, each with its two ends."""
        a, b, c, d, e, f = matrix
        x, y = ctypes.c_float(), ctypes.c_float()
        lines = []
        first = before = None
        for at in range(count):
            segment = self.pdfium.FPDFPath_GetPathSegment(raw, at)
            self.pdfium.FPDFPathSegment_GetPoint(segment, x, y)
            point = (a * x.value + c * y.value + e, b * x.value + d * y.value + f)
            kind = self.pdfium.FPDFPathSegment_GetType(segment)
            if kind == self.pdfium.FPDF_SEGMENT_MOVETO:
                first = point
            elif kind == self.pdfium.FPDF_SEGMENT_LINETO and before is not None:
                lines.append((before, point))
            before = point
            if self.pdfium.FPDFPathSegment_GetClose(segment) and first is not None and first != point:
                lines.append((point, first))
        return lines

    def _white(self, raw: Any) -> bool:
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        self.pdfium.FPDFPageObj_GetFillColor(raw, red, green, blue, alpha)
        return min(red.value, green.value, blue.value) >= _WHITE or alpha.value == 0


def _around(points: Iterable[tuple[float, float]]) -> Box:
    xs, ys = zip(*points, strict=True) if (points := list(points)) else ((0.0,), (0.0,))
    return min(xs), min(ys), max(xs), max(ys)


def _times(inner: tuple[float, ...], outer: tuple[float, ...]) -> tuple[float, ...]:
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u
