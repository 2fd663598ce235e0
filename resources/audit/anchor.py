"""The anchor: how far the chain had come, kept outside the database, so that cutting off its end does not go unseen.

It only ever moves forward, and only along the chain that it stands on: after rows have gone it stays where it was.
"""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from resources.audit.chain import Head, time_text
from resources.audit.entry import canonical
from resources.audit.key import KeyRing
from resources.errors import RageError

_PURPOSE = b"rage audit anchor 1"


class Anchor(NamedTuple):
    """A row that was the last one at that moment."""

    seq: int
    hash: bytes
    at: str


class AnchorBroken(RageError):
    """The anchor is not what this platform wrote, or the log does not hold what is anchored."""

    code = "audit_broken"


def anchor_file(home: Path) -> Path:
    """Where the anchor lies."""
    return home / "audit" / "anchor.json"


def read(path: Path, ring: KeyRing) -> Anchor | None:
    """The anchor, None where there is none yet.

    Raises:
        AnchorBroken: It was changed, or made with another key.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    try:
        said = json.loads(text)
        anchor = Anchor(int(said["seq"]), bytes.fromhex(said["hash"]), str(said["at"]))
        if ring.fits(str(said["key_id"]), _PURPOSE, _covered(anchor), bytes.fromhex(said["mac"])):
            return anchor
    except (ValueError, TypeError, KeyError):
        pass
    raise AnchorBroken(f"The anchor {path} was changed, or made with another key.", hint="`rage audit verify` says more.")


def advance(home: Path, ring: KeyRing, head: Head, holds: Callable[[int, bytes], bool]) -> None:
    """Moves the anchor to `head` unless it is there or further.

    Args:
        home: The platform's home.
        ring: The keys.
        head: A row that is durable.
        holds: Whether the log holds a row with that number and hash.

    Raises:
        AnchorBroken: The anchor was changed, or the log does not hold the anchored row any more; the anchor stays.
    """
    import fasteners

    path = anchor_file(home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with fasteners.InterProcessLock(path.with_name(".lock")):
        anchored = read(path, ring)
        if anchored is not None:
            if not holds(anchored.seq, anchored.hash):
                raise AnchorBroken(
                    f"The audit log does not hold row {anchored.seq}, which was its last one at {anchored.at}.",
                    hint="Rows were removed or replaced; `rage audit verify` names the place.",
                )
            if anchored.seq >= head.seq:
                return
        _write(path, ring, Anchor(head.seq, head.hash, time_text(datetime.now(UTC))))


def _covered(anchor: Anchor) -> bytes:
    return canonical([anchor.seq, anchor.hash.hex(), anchor.at]).encode()


def _write(path: Path, ring: KeyRing, anchor: Anchor) -> None:
    code = ring.mac(ring.writing, _PURPOSE, _covered(anchor))
    assert code is not None
    said = {"seq": anchor.seq, "hash": anchor.hash.hex(), "at": anchor.at, "key_id": ring.writing, "mac": code.hex()}
    scratch = path.with_name(".anchor")  # the lock is held
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(json.dumps(said) + "\n")
        file.flush()
        os.fsync(descriptor)
    os.replace(scratch, path)
