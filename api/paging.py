"""Pages: a limit, and an opaque cursor that says where the next one begins."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from resources.errors import InvalidInput

Item = TypeVar("Item")
Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=100, description="The most items of a page.")]
Cursor = Annotated[str | None, Query(max_length=8000, description="`next_cursor` of the page before.")]


class Page(BaseModel, Generic[Item]):
    """A page of a list."""

    items: list[Item]
    next_cursor: str | None = Field(default=None, description="Where the next page begins; null on the last one.")


def encode(key: Sequence[Any]) -> str:
    """A cursor for the sort key of a page's last row."""
    return base64.urlsafe_b64encode(json.dumps([str(part) for part in key]).encode()).decode().rstrip("=")


def decode(cursor: str, parts: int) -> list[str]:
    """The sort key in a cursor.

    Raises:
        InvalidInput: It is no cursor of this list.
    """
    try:
        key = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except ValueError:
        key = None
    texts = [part for part in key if isinstance(part, str) and "\0" not in part] if isinstance(key, list) else []
    if len(texts) != parts or texts != key:
        raise _no_cursor()
    return texts


def decode_path(cursor: str | None) -> tuple[str, UUID] | None:
    """The path and id in the cursor of a list by path."""
    if cursor is None:
        return None
    path, last = decode(cursor, 2)
    try:
        return path, UUID(last)
    except ValueError:
        raise _no_cursor() from None


def decode_order(cursor: str | None) -> int:
    """The order in the cursor of a document's blocks; -1 before the first."""
    if cursor is None:
        return -1
    (order,) = decode(cursor, 1)
    if not order.isdecimal() or int(order) >= 2**31:
        raise _no_cursor()
    return int(order)


def cut(rows: list[Row], limit: int, key: Callable[[Row], Sequence[Any]]) -> tuple[list[Row], str | None]:
    """A page and its cursor out of at most `limit` + 1 rows."""
    page = rows[:limit]
    return page, encode(key(page[-1])) if len(rows) > limit else None


def _no_cursor() -> InvalidInput:
    return InvalidInput("The cursor is not one of this list.", hint="Use `next_cursor` as it came, or leave it out.")
