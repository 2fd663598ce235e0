"""What differs between a source and what is known of it: a pure merge of two streams in the order of their paths."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from rage_assets.raw.sources.protocol import SeenFile
from resources.errors import SourceUnreadable
from resources.postgres.quarantine import SKIPPED

# The database finds documents by their paths, and its indexes hold no longer ones.
LONGEST_PATH = 2000


@dataclass(frozen=True)
class Difference:
    """One path and what became of it.

    Attributes:
        kind: `candidate` (new, or its size, time or parser changed: its bytes decide), `unchanged`, `quarantined`
            (unchanged and still in quarantine), `skipped` (unchanged and still left out on purpose), `removed`, or
            `unreadable` (its source cannot say; it stays as it is).
        seen: The file, unless it is removed or only a folder above it is known to be unreadable.
        known: The row that `resources.postgres.staging.known` gave, unless it is new.
    """

    kind: Literal["candidate", "unchanged", "quarantined", "skipped", "removed", "unreadable"]
    seen: SeenFile | None
    known: dict[str, Any] | None


def diff(
    seen: Iterable[SeenFile],
    known: Iterable[dict[str, Any]],
    recipe_of: Callable[[str, str | None], str],
    max_attempts: int,
) -> Iterator[Difference]:
    """Merges both streams; memory does not grow with them.

    Args:
        seen: The files of a source, by path.
        known: What is known of its documents, by path.
        recipe_of: How a file of that name and media type is read today; a document read otherwise is read again.
        max_attempts: How often a document in quarantine is tried without anybody asking.

    Raises:
        SourceUnreadable: The files do not come in their order, so that nothing can be said of those that are not there.
    """
    rows = iter(known)
    row = next(rows, None)
    unreadable: tuple[str, ...] = ()  # folders; each is listed before what lies in it
    for file in _in_order(seen):
        while row is not None and row["path"] < file.path:
            yield _unseen(row, unreadable)
            row = next(rows, None)
        same = row if row is not None and row["path"] == file.path else None
        if file.problem:
            yield Difference("unreadable", file, same)
            if file.path.endswith("/") or not file.path:
                unreadable = (*unreadable, file.path)
        elif same is not None:
            yield Difference(_judge(file, same, recipe_of(file.path, same["media_type"]), max_attempts), file, same)
        else:
            yield Difference("candidate", file, None)
        if same is not None:
            row = next(rows, None)
    while row is not None:
        yield _unseen(row, unreadable)
        row = next(rows, None)


def _in_order(seen: Iterable[SeenFile]) -> Iterator[SeenFile]:
    """The files of a source; of those that have one name, as bytes that are no text may give them, the first."""
    last: str | None = None
    for file in seen:
        if last is not None and file.path <= last:
            if file.path == last:
                continue
            raise SourceUnreadable("Its files are not listed in their order.", hint="Nothing of the source was removed.")
        last = file.path
        if len(file.path.encode()) > LONGEST_PATH and not file.problem:
            file = replace(file, problem=f"Its path has more than {LONGEST_PATH} bytes.")
        yield file


def _unseen(row: dict[str, Any], unreadable: tuple[str, ...]) -> Difference:
    return Difference("unreadable" if row["path"].startswith(unreadable) else "removed", None, row)


@dataclass(frozen=True)
class Look:
    """What a look at a source found within its time.

    Attributes:
        differs: Whether anything differs.
        fingerprint: Stands for exactly these differences, so that each set of them asks for one run.
        reached: Where to go on next time, empty when the look reached the end.
    """

    differs: bool
    fingerprint: str
    reached: str


def look(differences: Iterable[Difference], after: str, out_of_time: Callable[[], bool]) -> Look:
    """Sums up what differs behind the path `after`, until the time is over."""
    digest = hashlib.sha256()
    differs = False
    for difference in differences:
        path = difference.seen.path if difference.seen else cast(dict[str, Any], difference.known)["path"]
        if path <= after and after:
            if out_of_time():  # on the way alone: then what stands before is looked at anew, and others have their turn
                return Look(differs, digest.hexdigest()[:24], "")
            continue
        if difference.kind in ("candidate", "removed"):
            differs = True
            stat = (difference.seen.size, difference.seen.mtime_ns) if difference.seen else None
            digest.update(repr((path, stat)).encode("utf-8", "surrogatepass"))
        if out_of_time():
            return Look(differs, digest.hexdigest()[:24], path)
    return Look(differs, digest.hexdigest()[:24], "")


def _judge(
    file: SeenFile, row: dict[str, Any], recipe: str, max_attempts: int
) -> Literal["candidate", "unchanged", "quarantined", "skipped"]:
    stat = (file.size, file.mtime_ns)
    if row["q_size"] is not None:
        if stat != (row["q_size"], row["q_mtime_ns"]) or row["q_parser"] != recipe or row["retry_requested"]:
            return "candidate"
        if row["retryable"] and row["attempts"] < max_attempts:
            return "candidate"
        return "skipped" if row["q_reason"] in SKIPPED else "quarantined"
    if stat != (row["size"], row["mtime_ns"]) or row["parser"] != recipe or row["state"] != "live":
        return "candidate"
    return "unchanged"
