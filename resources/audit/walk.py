"""Walking a chain row by row, and saying what is wrong where."""

from collections.abc import Callable
from dataclasses import dataclass, field

from resources.audit.chain import Head, Row, row_hash, time_text
from resources.audit.key import KeyRing

MOST_PROBLEMS = 20


@dataclass(frozen=True)
class Problem:
    """Something that this platform did not write, or that is not there any more.

    Attributes:
        seq: The first row concerned.
        at: When it was written, if it is there.
        problem: removed, changed, moved, inserted, replaced, cut, unknown_key, table_missing, anchor_changed,
            segment_changed, segment_missing, file_missing or file_changed.
        detail: The same for a person.
    """

    seq: int
    at: str | None
    problem: str
    detail: str


@dataclass
class Walk:
    """A walk along rows in order; it keeps the place and the first problems, never the rows.

    Attributes:
        ring: The keys.
        seq: The row last passed.
        hash: Its hash; None where nobody knows it, and the next row's word has to do.
        gaps: Whether rows may be missing, as in an export of some of them.
        number_of: Finds the number that the row with a hash has, for telling where a row came from.
        marks: Rows that are known from elsewhere: number to hash.
    """

    ring: KeyRing
    seq: int
    hash: bytes | None
    gaps: bool = False
    number_of: Callable[[bytes], int | None] = lambda _: None
    marks: dict[int, tuple[bytes, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    count: int = 0
    at: str | None = None

    @property
    def end(self) -> Head:
        """Where the walk is."""
        return Head(self.seq, self.hash or b"")

    def note(self, problem: Problem) -> None:
        """Keeps a problem, if it is among the first."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)

    def step(self, row: Row) -> None:
        """Passes the next row."""
        at = time_text(row.at)
        right = row_hash(self.ring, row)
        expected = self.seq + 1
        if row.seq < expected:
            self.note(Problem(row.seq, at, "inserted", f"Row {row.seq} is there more than once, or not in its order."))
        elif row.seq > expected and not self.gaps:
            missing = f"Row {expected} is" if row.seq == expected + 1 else f"Rows {expected} to {row.seq - 1} are"
            self.note(Problem(expected, None, "removed", f"{missing} missing before row {row.seq} ({at})."))
        known: bytes | None = row.hash
        if right is None:
            self.note(Problem(row.seq, at, "unknown_key", f"Row {row.seq} names the key {row.key_id}, which is not here."))
        elif right != row.hash:
            self.note(self._foreign(row, at))
            known = None  # the next row cannot be blamed for not following it
        elif row.seq == expected and self.hash is not None and row.previous != self.hash:
            self.note(
                Problem(row.seq, at, "replaced", f"Row {row.seq} does not follow the row before it, which is another's.")
            )
        mark = self.marks.pop(row.seq, None)
        if mark is not None and mark[0] != row.hash:
            self.note(Problem(row.seq, at, "replaced", f"Row {row.seq} is not the one that was there at {mark[1]}."))
        self.seq, self.hash, self.at = row.seq, known, at
        self.count += 1

    def _foreign(self, row: Row, at: str) -> Problem:
        """What to say of a row whose hash does not fit: it was moved here, changed here, or never ours."""
        before = self.number_of(row.previous) if len(self.problems) < MOST_PROBLEMS else None
        for seq in {1, row.seq - 1, row.seq + 1, (before or 0) + 1} - {row.seq}:
            moved = row._replace(seq=seq)
            if row_hash(self.ring, moved) == row.hash:
                return Problem(row.seq, at, "moved", f"What is row {row.seq} was written as row {seq}.")
        if row.previous != self.hash and self.hash is not None:
            detail = f"Row {row.seq} was not written by this platform: neither its hash nor its link to the row before fits."
            return Problem(row.seq, at, "inserted", detail)
        return Problem(row.seq, at, "changed", f"Row {row.seq} is not what was written: its hash does not fit it.")
