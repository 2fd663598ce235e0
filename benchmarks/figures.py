"""Figures: what a benchmark measured, and what was aimed at."""

from dataclasses import dataclass


class Skipped(Exception):
    """A benchmark that cannot run here, with the reason."""


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        name: What was measured.
        value: The number.
        unit: Its unit; `×` is a ratio within the run.
        aim: What was aimed at, or what the number is compared with; empty where there is nothing.
        met: Whether the aim was reached; None where there is none.
        note: What else a reader must know.
    """

    name: str
    value: float
    unit: str
    aim: str = ""
    met: bool | None = None
    note: str = ""

    def shown(self) -> str:
        """The number with its unit, with as many digits as say something."""
        digits = 4 if self.unit == "" else 0 if abs(self.value) >= 100 else 1 if abs(self.value) >= 10 else 2
        return f"{self.value:,.{digits}f} {self.unit}".strip()


def at_least(name: str, value: float, unit: str, aim: float, note: str = "") -> Figure:
    """A figure that should not be below `aim`."""
    return Figure(name, value, unit, f"≥ {aim:g} {unit}".strip(), value >= aim, note)


def at_most(name: str, value: float, unit: str, aim: float, note: str = "") -> Figure:
    """A figure that should not be above `aim`."""
    return Figure(name, value, unit, f"≤ {aim:g} {unit}".strip(), value <= aim, note)
