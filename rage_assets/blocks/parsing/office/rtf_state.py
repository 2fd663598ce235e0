"""What RTF's groups inherit from each other, and the control words that change it."""

from collections.abc import Callable
from dataclasses import dataclass

from rage_assets.blocks.parsing.office.story import Story


@dataclass
class State:
    """What a group inherits, and its end gives back.

    Attributes:
        story: The text that it belongs to.
        to: Where its characters go: `text`, `skip`, `label`, `instruction`, `fonts`, `styles`, the name of a fact and so on.
        star: Whether the next control word may be unknown, with the group then left out.
        nested_row: Whether it says how a row of a table in a table looks.
        at_end: What its end does.
    """

    story: Story
    to: str = "text"
    font: int | None = None
    unicode_skip: int = 1
    hidden: bool = False
    style: int = 0
    outline: int | None = None
    in_table: bool = False
    nesting: int = 0
    listed: bool = False
    depth: int = 0
    star: bool = False
    nested_row: bool = False
    at_end: Callable[[], None] | None = None

    def inner(self) -> "State":
        """The state of a group in this one; files have so many that `copy` takes too long."""
        state = object.__new__(State)
        state.__dict__.update(self.__dict__)
        state.star, state.at_end = False, None
        return state


def _paragraph_defaults(state: State, _: int | None) -> None:
    state.style, state.outline, state.in_table, state.nesting, state.listed, state.depth = 0, None, False, 0, False, 0


def _set(name: str) -> Callable[[State, int | None], None]:
    def change(state: State, number: int | None) -> None:
        setattr(state, name, number or 0)

    return change


FORMATS: dict[str, Callable[[State, int | None], None]] = {
    "pard": _paragraph_defaults,
    "s": _set("style"),
    "f": _set("font"),
    "ilvl": _set("depth"),
    "itap": _set("nesting"),
    "outlinelevel": _set("outline"),
    "ls": lambda state, number: setattr(state, "listed", bool(number)),
    "intbl": lambda state, _: setattr(state, "in_table", True),
    "uc": lambda state, number: setattr(state, "unicode_skip", min(max(number if number is not None else 1, 0), 1000)),
    "v": lambda state, number: setattr(state, "hidden", number != 0),
    "deleted": lambda state, number: setattr(state, "hidden", number != 0),
}
