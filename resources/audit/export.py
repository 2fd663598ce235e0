"""Exports: rows as JSON lines that whoever has the key can check without the database.

The last line covers all others, so that nothing can be taken out of an export either.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from resources.audit.chain import START, Row, time_text
from resources.audit.entry import canonical
from resources.audit.key import KeyRing
from resources.audit.walk import Problem, Walk

_PURPOSE = b"rage audit export 1"
_LONGEST_LINE = 1 << 20


@dataclass
class Written:
    """What was written into an export."""

    rows: int = 0
    first: Row | None = None
    last: Row | None = None
    sha256: bytes = b""


def line_of(row: Row) -> dict[str, Any]:
    """A row as a line of an export."""
    said: dict[str, Any] = row._asdict()
    return said | {
        "at": time_text(row.at),
        "space_id": str(row.space_id) if row.space_id else None,
        "details": json.loads(row.details),
        "previous": row.previous.hex(),
        "hash": row.hash.hex(),
    }


def row_of(line: Mapping[str, Any]) -> Row:
    """The row that a line says. Raises whatever is wrong with the line."""
    space = line["space_id"]
    given = {name: line[name] for name in Row._fields}
    return Row(
        **given
        | {
            "seq": int(line["seq"]),
            "at": datetime.fromisoformat(line["at"]),
            "space_id": UUID(space) if space else None,
            "details": canonical(line["details"]),
            "previous": bytes.fromhex(line["previous"]),
            "hash": bytes.fromhex(line["hash"]),
        }
    )


def write_export(
    file: IO[bytes], rows: Iterable[Row], ring: KeyRing, filters: Mapping[str, str], key_id: str | None = None
) -> Written:
    """Writes rows and the line that covers them.

    Args:
        file: Where to.
        rows: In order; streamed.
        ring: The keys.
        filters: Which rows were wanted; empty for all of a range.
        key_id: Which key covers them; by default the one that writes.
    """
    written, whole, digest = Written(), hashlib.sha256(), hashlib.sha256()

    def put(line: Mapping[str, Any]) -> None:
        data = json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        whole.update(data)
        file.write(data)

    for row in rows:
        written.first = written.first or row
        written.last = row
        written.rows += 1
        digest.update(row.hash)
        put(line_of(row))
    end = {"rows": written.rows, "filters": dict(filters), "digest": digest.hexdigest(), "key_id": key_id or ring.writing}
    code = ring.mac(str(end["key_id"]), _PURPOSE, canonical(end).encode())
    put({"end": end | {"mac": code.hex() if code else ""}})
    file.flush()
    written.sha256 = whole.digest()
    return written


@dataclass
class FileReport:
    """What a look at an export found."""

    rows: int
    first_seq: int | None
    last_seq: int | None
    filters: dict[str, str]
    problems: list[Problem]
    sha256: bytes = b""

    @property
    def whole(self) -> bool:
        """Whether it is what was written."""
        return not self.problems

    def shown(self) -> dict[str, Any]:
        """It as JSON data."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        return {"whole": self.whole} | said | {"sha256": self.sha256.hex()}


def verify_file(path: Path, ring: KeyRing) -> FileReport:
    """Checks an export: every row, their order, and that none is missing."""
    end = _end(path)
    filters = dict(end.get("filters") or {}) if end else {}
    walk = Walk(ring, seq=0, hash=None, gaps=bool(filters))
    whole, digest, first, closed = hashlib.sha256(), hashlib.sha256(), None, False
    with path.open("rb") as file:
        number = 0
        while data := file.readline(_LONGEST_LINE):
            number += 1
            whole.update(data)
            try:
                line = json.loads(data)
                if closed := "end" in line:
                    continue
                row = row_of(line)
            except (ValueError, TypeError, KeyError, AttributeError):
                walk.note(Problem(walk.seq + 1, None, "changed", f"Line {number} is no row of an audit."))
                continue
            if first is None:
                first, walk.seq, walk.hash = row.seq, row.seq - 1, START if row.seq == 1 else None
            digest.update(row.hash)
            walk.step(row)
    if end is None or not closed:
        walk.note(Problem(walk.seq + 1, None, "cut", f"The file ends after row {walk.seq} without its last line."))
    elif not _is_ours(ring, end) or end.get("rows") != walk.count or end.get("digest") != digest.hexdigest():
        detail = "The last line does not cover the rows before it: some were taken out, put in or changed."
        walk.note(Problem(walk.seq, walk.at, "changed", detail))
    last = walk.seq if first is not None else None
    return FileReport(walk.count, first, last, filters, walk.problems, whole.digest())


def _end(path: Path) -> dict[str, Any] | None:
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _LONGEST_LINE))
        lines = file.read().splitlines()
    try:
        end = json.loads(lines[-1])["end"]
        return end if isinstance(end, dict) else None
    except (ValueError, TypeError, KeyError, IndexError):
        return None


def _is_ours(ring: KeyRing, end: Mapping[str, Any]) -> bool:
    said = {name: value for name, value in end.items() if name != "mac"}
    try:
        return ring.fits(str(said["key_id"]), _PURPOSE, canonical(said).encode(), bytes.fromhex(end["mac"]))
    except (ValueError, TypeError, KeyError):
        return False
