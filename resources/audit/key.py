"""The keys of the audit: they chain rows, seal segments and anchor the chain's end. They are never in the database."""

import base64
import binascii
import hmac
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from resources.errors import InvalidSettings
from resources.settings import Settings

_BYTES = 32


class KeyRing:
    """Keys by their ids; the last one writes, all of them verify.

    Args:
        keys: 32 bytes each.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {_sign(key, b"rage audit key id", b"").hex()[:16]: key for key in keys}
        self.writing = next(reversed(self._keys))

    def __contains__(self, key_id: str) -> bool:
        return key_id in self._keys

    def mac(self, key_id: str, purpose: bytes, data: bytes) -> bytes | None:
        """The code that only who has the key can make, None if the key is not known here.

        Args:
            key_id: Which key.
            purpose: What it is made for; one made for another purpose never fits.
            data: What it covers.
        """
        key = self._keys.get(key_id)
        return None if key is None else _sign(key, purpose, data)

    def fits(self, key_id: str, purpose: bytes, data: bytes, given: bytes) -> bool:
        """Whether `given` is the code of `data`."""
        code = self.mac(key_id, purpose, data)
        return code is not None and hmac.compare_digest(code, given)

    def query_code(self, text: str) -> str:
        """A code of a query: equal queries have equal codes, and nobody without the key can try out guesses."""
        code = self.mac(self.writing, b"rage audit query", text.encode("utf-8", "surrogatepass"))
        assert code is not None
        return code.hex()

    @classmethod
    def load(cls, settings: Settings) -> "KeyRing":
        """The keys of `RAGE_AUDIT_KEY`, or of `$RAGE_HOME/keys/audit.key`, which is made on first use.

        Raises:
            InvalidSettings: They are not 32 bytes in base64 each.
        """
        if settings.audit_key is not None:
            return cls(_parsed(settings.audit_key.get_secret_value(), "RAGE_AUDIT_KEY"))
        path = key_file(settings.home)
        return cls(_parsed(_read_or_make(path), str(path)))


def key_file(home: Path) -> Path:
    """Where the keys lie that nobody configured."""
    return home / "keys" / "audit.key"


def add_key(home: Path) -> str:
    """Adds a key that writes from the next start of a process on; the older ones go on verifying. Returns its id."""
    import fasteners

    path = key_file(home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with fasteners.InterProcessLock(path.with_name(".audit.lock")):
        lines = [*_read_or_make(path).split(), _new()]
        os.replace(_scratch(path, lines), path)
    return KeyRing(_parsed("\n".join(lines), str(path))).writing


def _sign(key: bytes, purpose: bytes, data: bytes) -> bytes:
    return hmac.digest(key, purpose + b"\n" + data, sha256)


def _new() -> str:
    return base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def _parsed(text: str, where: str) -> list[bytes]:
    try:
        keys = [base64.b64decode(part, validate=True) for part in text.replace(",", " ").split()]
    except (binascii.Error, ValueError):
        keys = []
    if not keys or any(len(key) != _BYTES for key in keys):
        raise InvalidSettings(
            f"{where} holds no key of {_BYTES} bytes in base64.",
            hint="`openssl rand -base64 32` makes one; several are separated by commas, and the last one writes.",
        )
    return keys


def _scratch(path: Path, lines: Sequence[str]) -> Path:
    scratch = path.with_name(f".audit-{os.getpid()}-{secrets.token_hex(4)}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(descriptor)
    return scratch


def _read_or_make(path: Path) -> str:
    with suppress(FileNotFoundError):
        return path.read_text("ascii", "replace")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = _scratch(path, [_new()])
    with suppress(FileExistsError):  # another process was first: its key is the key
        os.link(scratch, path)
    scratch.unlink()
    return path.read_text("ascii", "replace")
