"""Where a page's text is read from: its own coordinates, turned so that lines run from left to right."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """A page turned so that text of one direction is upright.

    Attributes:
        x0, y0: The corner of the visible page in the file's coordinates.
        width, height: The visible page, before any turn.
        angle: The direction of the text in degrees, counted counterclockwise: 0, 90, 180 or 270.
        rotation: By how much the page is shown turned clockwise.
    """

    x0: float
    y0: float
    width: float
    height: float
    angle: int = 0
    rotation: int = 0

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """A box of the file, as left, bottom, right and top of the turned page; the origin is at the bottom left."""
        return self._turned(left - self.x0, bottom - self.y0, right - self.x0, top - self.y0, self.angle)

    def unturned(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """A box of the turned page as one of the file."""
        sides = (self.height, self.width) if self.angle in (90, 270) else (self.width, self.height)
        turned = Frame(0, 0, *sides)._turned(left, bottom, right, top, -self.angle % 360)
        return turned[0] + self.x0, turned[1] + self.y0, turned[2] + self.x0, turned[3] + self.y0

    def shown(self, left: float, bottom: float, right: float, top: float) -> list[float]:
        """A box of the turned page, as it is shown: left, top, right and bottom, counted from the top left."""
        turn = (self.rotation - self.angle) % 360
        sides = (self.height, self.width) if self.angle in (90, 270) else (self.width, self.height)
        turned = Frame(0, 0, *sides)._turned(left, bottom, right, top, turn)
        tall = self.width if self.rotation in (90, 270) else self.height
        return [round(value, 1) + 0.0 for value in (turned[0], tall - turned[3], turned[2], tall - turned[1])]

    def _turned(self, left: float, bottom: float, right: float, top: float, turn: int) -> tuple[float, float, float, float]:
        """A box after the page is turned clockwise."""
        match turn:
            case 90:
                return bottom, self.width - right, top, self.width - left
            case 180:
                return self.width - right, self.height - top, self.width - left, self.height - bottom
            case 270:
                return self.height - top, left, self.height - bottom, right
        return left, bottom, right, top
