"""Verifying the whole audit: sealed segments and live rows as one chain, against what is anchored outside the database."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from resources.audit import anchor
from resources.audit.chain import START, Row, Segment, segment_mac, time_text
from resources.audit.export import verify_file
from resources.audit.key import KeyRing
from resources.audit.walk import Problem, Walk
from resources.errors import NotFound
from resources.platform import Platform
from resources.postgres import audit_log
from resources.postgres.database import Connection


@dataclass
class Report:
    """What was found.

    Attributes:
        rows: How many are in the log.
        sealed: How many are in segments.
        segments: How many segments there are.
        files: How many of their files were checked.
        last_seq: The chain's end; keep it and `last_hash` elsewhere to compare them later.
        anchored_seq: How far the anchor reaches; None without one, when a cut end cannot be told.
        unfinished: A segment whose rows are still in the log: the sealing was interrupted.
        problems: The first that were found, in order.
    """

    rows: int = 0
    sealed: int = 0
    segments: int = 0
    files: int = 0
    last_seq: int = 0
    last_at: str | None = None
    last_hash: str = ""
    anchored_seq: int | None = None
    unfinished: str | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether the chain is what was written."""
        return not self.problems

    def shown(self) -> dict[str, Any]:
        """It as JSON data."""
        return {"whole": self.whole} | asdict(self)


def verify(platform: Platform, ring: KeyRing, anchors: Sequence[Path] = (), segment_files: Path | None = None) -> Report:
    """Walks the whole chain in bounded memory.

    Args:
        platform: Its owner reads.
        ring: The keys.
        anchors: Anchors of other homes, besides this one's.
        segment_files: The folder with the files of the segments, to check them too.

    Raises:
        ServiceUnavailable: The database does not answer.
    """
    report = Report()
    walk = Walk(ring, seq=0, hash=START, problems=report.problems)
    # read before the log: what is anchored was durable by then
    for path in dict.fromkeys([anchor.anchor_file(platform.settings.home), *anchors]):
        try:
            found = anchor.read(path, ring)
        except anchor.AnchorBroken as error:
            walk.note(Problem(0, None, "anchor_changed", error.message))
            continue
        if found is not None:
            walk.marks[found.seq] = (found.hash, found.at)
            report.anchored_seq = max(report.anchored_seq or 0, found.seq)
    platform.ensure_schema()
    try:
        with audit_log.owner(platform.url("owner")) as connection:
            walk.number_of = lambda hash_: audit_log.number_of(connection, hash_)
            sealed = audit_log.segments(connection)
            for segment in sealed:
                _pass_segment(walk, segment, report, segment_files)
            _pass_rows(walk, connection, sealed, report)
    except NotFound as error:
        walk.note(Problem(0, None, "table_missing", error.message))
    for seq, (_, at) in sorted(walk.marks.items()):
        if seq > walk.seq:
            missing = f"rows {walk.seq + 1} to {seq} are missing" if seq > walk.seq + 1 else f"row {seq} is missing"
            end = f"ends with row {walk.seq}" if walk.seq else "is empty"
            walk.note(Problem(walk.seq + 1, None, "cut", f"The log {end}, but row {seq} was there at {at}: {missing}."))
            break
    report.last_seq, report.last_at, report.last_hash = walk.seq, walk.at, (walk.hash or b"").hex()
    return report


def _pass_segment(walk: Walk, segment: Segment, report: Report, files: Path | None) -> None:
    name = f"The record of segment {segment.file} (rows {segment.first_seq} to {segment.last_seq})"
    at = time_text(segment.sealed_at)
    code = segment_mac(walk.ring, segment)
    if segment.first_seq != walk.seq + 1:
        detail = f"Rows {walk.seq + 1} to {segment.first_seq - 1} are in no segment."
        walk.note(Problem(walk.seq + 1, None, "segment_missing", detail))
    elif segment.previous != walk.hash:
        walk.note(Problem(segment.first_seq, at, "segment_changed", f"{name} does not follow what is before it."))
    if code != segment.mac:
        walk.note(Problem(segment.first_seq, at, "segment_changed", f"{name} is not what was written."))
    if files is not None:
        _check_file(walk, segment, files / Path(segment.file).name)
        report.files += 1
    mark = walk.marks.get(segment.last_seq)
    if mark is not None and mark[0] != segment.hash:
        walk.note(Problem(segment.last_seq, at, "replaced", f"{name} ends with another row than was there at {mark[1]}."))
    for seq in [seq for seq in walk.marks if seq <= segment.last_seq]:
        del walk.marks[seq]
    walk.seq, walk.hash, walk.at = segment.last_seq, segment.hash, time_text(segment.last_at)
    report.segments += 1
    report.sealed += segment.last_seq - segment.first_seq + 1


def _check_file(walk: Walk, segment: Segment, path: Path) -> None:
    if not path.is_file():
        walk.note(Problem(segment.first_seq, None, "file_missing", f"The segment {path} is not there."))
        return
    found = verify_file(path, walk.ring)
    for problem in found.problems:
        walk.note(problem)
    if found.sha256 != segment.sha256:
        walk.note(Problem(segment.first_seq, None, "file_changed", f"The segment {path} is not the file that was sealed."))


def _pass_rows(walk: Walk, connection: Connection, sealed: Sequence[Segment], report: Report) -> None:
    rows: Iterator[Row] = audit_log.rows(connection, audit_log.Filters())
    first = next(rows, None)
    if first is None:
        return
    if first.seq <= walk.seq:  # sealing was interrupted: what is in a segment is still here, or the rest of it
        for segment in sealed:
            if segment.last_seq >= first.seq:
                walk.marks[segment.last_seq] = (segment.hash, time_text(segment.sealed_at))
                report.unfinished = report.unfinished or segment.file
        begins = {segment.first_seq: segment.previous for segment in sealed}
        walk.seq, walk.hash = first.seq - 1, begins.get(first.seq)
    before = walk.count
    for row in chain([first], rows):
        walk.step(row)
    report.rows = walk.count - before
