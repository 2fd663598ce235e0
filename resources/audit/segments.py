"""Sealing: old rows leave the log for a file, and a record of them stays in the chain.

The file is complete before the record is made, and the record before a row is deleted, so that a kill anywhere loses
nothing; the next sealing finishes what was begun.
"""

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from resources.audit.chain import START, Row, Segment, segment_mac
from resources.audit.export import Written, write_export
from resources.audit.key import KeyRing
from resources.audit.walk import Walk
from resources.errors import Conflict, InvalidInput, RageError
from resources.platform import Platform
from resources.postgres import audit_log
from resources.postgres.database import Connection


class Sealed(NamedTuple):
    """What a sealing did: the segment, if there was anything to seal, and what an earlier one had left to do."""

    segment: Segment | None
    finished: list[Segment]


def seal(platform: Platform, ring: KeyRing, moment: datetime, to: Path) -> Sealed:
    """Moves the rows older than `moment` into the file `to`; finishes sealings that were interrupted, first.

    Raises:
        Conflict: `to` is there already, or another process is sealing.
        RageError: The rows are not what was written; nothing was sealed.
        InvalidInput: `to` cannot be written.
    """
    if not to.parent.is_dir():
        raise InvalidInput(f"The folder {to.parent} is not there.", hint="Create it, or name another file.")
    platform.ensure_schema()
    url = platform.url("owner")
    with audit_log.owner(url, read_only=False) as connection:
        if not audit_log.try_seal_lock(connection):
            raise Conflict("Another process is sealing the audit.", hint="Wait for it.")
        known = audit_log.segments(connection)
        finished = [segment for segment in known if audit_log.count_in(connection, segment)]
        for segment in finished:
            _finish(connection, url, ring, segment, to.parent)
        done = next((segment for segment in finished if segment.file == to.name), None)
        if done is not None:
            return Sealed(done, finished)
        if to.exists() or any(segment.file == to.name for segment in known):
            raise Conflict(f"There is a segment or a file {to} already.", hint="Name another file.")
        last = audit_log.before(connection, moment)
        if not last:
            return Sealed(None, finished)
        written = _export(url, ring, known[-1] if known else None, last, _partial(to))
        segment = _record(ring, written, to.name)
        audit_log.seal(connection, segment)
        _place(_partial(to), to)
        audit_log.delete_sealed(connection, segment)
    return Sealed(segment, finished)


def _export(url: str, ring: KeyRing, before: Segment | None, last: int, path: Path) -> Written:
    """Writes the rows up to `last` into a file; refuses to if they are not what was written."""
    seq, hash_ = (before.last_seq, before.hash) if before else (0, START)
    walk = Walk(ring, seq, hash_)

    def checked(rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            walk.step(row)
            if walk.problems:
                raise RageError(
                    f"Nothing is sealed, because the audit is broken: {walk.problems[0].detail}",
                    hint="`rage audit verify` names every place.",
                )
            yield row

    with audit_log.owner(url) as connection:
        return _write(path, ring, checked(audit_log.rows(connection, audit_log.Filters(after=seq, upto=last))))


def _write(path: Path, ring: KeyRing, rows: Iterator[Row], key_id: str | None = None) -> Written:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            written = write_export(file, rows, ring, {}, key_id)
            os.fsync(descriptor)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror or error}.", hint="Name another file.") from error
    return written


def _record(ring: KeyRing, written: Written, name: str) -> Segment:
    first, last = written.first, written.last
    assert first is not None
    assert last is not None
    segment = Segment(
        first_seq=first.seq,
        last_seq=last.seq,
        first_at=first.at,
        last_at=last.at,
        file=name,
        sha256=written.sha256,
        sealed_at=datetime.now(UTC),
        key_id=ring.writing,
        previous=first.previous,
        hash=last.hash,
    )
    code = segment_mac(ring, segment)
    assert code is not None
    return segment._replace(mac=code)


def _finish(connection: Connection, url: str, ring: KeyRing, segment: Segment, folder: Path) -> None:
    """Does what a killed sealing left to do: its file in place, then its rows out of the log."""
    path = folder / Path(segment.file).name
    if segment_mac(ring, segment) != segment.mac:
        raise RageError(
            f"The record of segment {segment.file} is not what was written.", hint="`rage audit verify` says more."
        )
    if not path.exists():
        partial = _partial(path)
        rows = segment.last_seq - segment.first_seq + 1
        if _sha256(partial) != segment.sha256 and audit_log.count_in(connection, segment) == rows:
            with audit_log.owner(url) as reading:
                wanted = audit_log.Filters(after=segment.first_seq - 1, upto=segment.last_seq)
                _write(partial, ring, audit_log.rows(reading, wanted), segment.key_id)
        if _sha256(partial) == segment.sha256:
            _place(partial, path)
    if _sha256(path) != segment.sha256:
        raise Conflict(
            f"The segment {segment.file} was being sealed, but its file in {folder} is not the one that was written.",
            hint=f"Give --to a file in the folder where {segment.file} lies.",
        )
    audit_log.delete_sealed(connection, segment)


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


def _place(partial: Path, path: Path) -> None:
    os.replace(partial, path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> bytes | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
