"""What is kept of sessions, sealed with AES-256-GCM: whoever reads the database gets no token out of it.

The key is `RAGE_SESSION_KEY`, or lies in `$RAGE_HOME/keys/session.key`. Another key ends all sessions: people sign in again.
"""

import base64
import binascii
import hmac
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from resources.errors import InvalidSettings
from resources.settings import Settings

_BYTES, _NONCE = 32, 12


class Seal:
    """Seals and opens, with a key for each purpose.

    Args:
        key: 32 bytes, from which the others are derived.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def load(cls, settings: Settings) -> "Seal":
        """The configured one.

        Raises:
            InvalidSettings: The key is not 32 bytes in base64.
        """
        given = settings.session_key
        if given is not None:
            return cls(_parsed(given.get_secret_value(), "RAGE_SESSION_KEY"))
        path = settings.home / "keys" / "session.key"
        return cls(_parsed(_read_or_make(path), str(path)))

    def seal(self, purpose: str, place: bytes, content: dict[str, Any]) -> bytes:
        """Seals `content`, so that it opens for the same purpose and at the same place only."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self._derived(purpose)).encrypt(nonce, json.dumps(content).encode(), place)

    def open(self, purpose: str, place: bytes, sealed: bytes) -> dict[str, Any] | None:
        """What was sealed; None where it was sealed with another key, for something else, or was changed since."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            text = AESGCM(self._derived(purpose)).decrypt(sealed[:_NONCE], sealed[_NONCE:], place)
        except (InvalidTag, ValueError):
            return None
        content: dict[str, Any] = json.loads(text)
        return content

    def code(self, purpose: str, text: str) -> str:
        """A code that only who has the key can make of a text."""
        digest = hmac.digest(self._derived(purpose), text.encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def key(self, purpose: str) -> bytes:
        """A key of 32 bytes for a purpose of its own, the same for all who have this one."""
        return self._derived(purpose)

    def _derived(self, purpose: str) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

        return HKDFExpand(SHA256(), _BYTES, f"rage/session/{purpose}/1".encode()).derive(self._key)


def _parsed(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _BYTES:
        raise InvalidSettings(
            f"{where} holds no key of {_BYTES} bytes in base64.", hint="`openssl rand -base64 32` makes one."
        )
    return key


def _read_or_make(path: Path) -> str:
    with suppress(FileNotFoundError):
        return path.read_text("ascii", "replace")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = path.with_name(f".session-{os.getpid()}-{secrets.token_hex(4)}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(_BYTES)) + b"\n")
    with suppress(FileExistsError):  # another process was first: its key is the key
        os.link(scratch, path)
    scratch.unlink()
    return path.read_text("ascii", "replace")
