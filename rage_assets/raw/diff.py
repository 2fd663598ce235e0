"""What differs between a source and what is known of it: a pure merge of two streams in the order of their paths."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from rage_assets.raw.sources.protocol import SeenFile


@dataclass(frozen=True)
class Difference:
    """One path and what became of it.

    Attributes:
        kind: `candidate` (new, or its size, time or parser changed: its bytes decide), `unchanged`, `quarantined`
            (unchanged and still in quarantine) or `removed`.
        seen: The file, unless it is removed.
        known: The row that `resources.postgres.staging.known` gave, unless it is new.
    """

    kind: Literal["candidate", "unchanged", "quarantined", "removed"]
    seen: SeenFile | None
    known: dict[str, Any] | None


def diff(
    seen: Iterable[SeenFile],
    known: Iterable[dict[str, Any]],
    recipe_of: Callable[[str], str],
    max_attempts: int,
) -> Iterator[Difference]:
    """Merges both streams; memory does not grow with them.

    Args:
        seen: The files of a source, by path.
        known: What is known of its documents, by path.
        recipe_of: How a file of that name is read today; a document read otherwise is read again.
        max_attempts: How often a document in quarantine is tried without anybody asking.
    """
    rows = iter(known)
    row = next(rows, None)
    for file in seen:
        while row is not None and row["path"] < file.path:
            yield Difference("removed", None, row)
            row = next(rows, None)
        if row is not None and row["path"] == file.path:
            yield Difference(_judge(file, row, recipe_of(file.path), max_attempts), file, row)
            row = next(rows, None)
        else:
            yield Difference("candidate", file, None)
    while row is not None:
        yield Difference("removed", None, row)
        row = next(rows, None)


def _judge(
    file: SeenFile, row: dict[str, Any], recipe: str, max_attempts: int
) -> Literal["candidate", "unchanged", "quarantined"]:
    stat = (file.size, file.mtime_ns)
    if row["q_size"] is not None:
        if stat != (row["q_size"], row["q_mtime_ns"]) or row["q_parser"] != recipe or row["retry_requested"]:
            return "candidate"
        return "candidate" if row["retryable"] and row["attempts"] < max_attempts else "quarantined"
    if stat != (row["size"], row["mtime_ns"]) or row["parser"] != recipe or row["state"] != "live":
        return "candidate"
    return "unchanged"
