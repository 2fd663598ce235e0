"""The chain: a row's hash covers everything in it and the hash of the row before, under a key that the database lacks."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from resources.audit.entry import Entry, canonical, detailed, named
from resources.audit.key import KeyRing
from resources.logs import without_secrets

START = bytes(32)
_PURPOSE = b"rage audit row 1"


class Head(NamedTuple):
    """Where a chain ends."""

    seq: int = 0
    hash: bytes = START
    key_id: str | None = None


class Row(NamedTuple):
    """A row of the log, in the order of its columns."""

    seq: int
    at: datetime
    actor: str
    actor_name: str
    action: str
    outcome: str
    status: int | None
    space_id: UUID | None
    target: str
    address: str
    request_id: str
    details: str
    key_id: str
    previous: bytes
    hash: bytes


def time_text(at: datetime) -> str:
    """A time as it is chained: UTC, always with six digits of a second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def row_hash(ring: KeyRing, row: Row) -> bytes | None:
    """The hash that a row must have, None if its key is not known here."""
    seq, at, *texts = row[:7]
    space = str(row.space_id) if row.space_id else None
    values = [seq, time_text(at), *texts, space, row.target, row.address, row.request_id, row.details, row.key_id]
    return ring.mac(row.key_id, _PURPOSE, row.previous + canonical(values).encode())


def link(ring: KeyRing, head: Head, entries: Sequence[Entry]) -> list[Row]:
    """The rows that continue the chain after `head`."""
    rows: list[Row] = []
    for entry in entries:
        row = Row(
            seq=head.seq + 1,
            at=entry.at,
            actor=named(entry.actor),
            actor_name=named(entry.actor_name),
            action=named(entry.action),
            outcome=entry.outcome.value,
            status=entry.status,
            space_id=entry.space_id,
            target=named(without_secrets(entry.target)),
            address=named(entry.address),
            request_id=named(entry.request_id),
            details=detailed(entry.details),
            key_id=ring.writing,
            previous=head.hash,
            hash=b"",
        )
        row = row._replace(hash=row_hash(ring, row) or b"")
        rows.append(row)
        head = Head(row.seq, row.hash, row.key_id)
    return rows


class Segment(NamedTuple):
    """Rows that left the log for a file, in the order of the columns of their record."""

    first_seq: int
    last_seq: int
    first_at: datetime
    last_at: datetime
    file: str
    sha256: bytes
    sealed_at: datetime
    key_id: str
    previous: bytes
    hash: bytes
    mac: bytes = b""


def segment_mac(ring: KeyRing, segment: Segment) -> bytes | None:
    """The code that the record of a segment must have, None if its key is not known here."""
    values = [
        value if isinstance(value, (int, str)) else value.hex() if isinstance(value, bytes) else time_text(value)
        for value in segment[:-1]
    ]
    return ring.mac(segment.key_id, b"rage audit segment 1", canonical(values).encode())
