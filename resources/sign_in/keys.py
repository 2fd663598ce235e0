r"""API keys: `rage_key_ID_SECRET_CHECK`, made so that a scanner finds one that was published, and knows it is one.

The regular expression for scanners is `\brage_key_[0-9A-Za-z]{16}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}\b`. The last part is
the CRC-32 of all before it, in base 62: it tells a key from a look-alike without asking anybody, and keeps nothing secret.

A key is stored as its SHA-256. A slow hash protects what people think up; the 256 random bits of a key cannot be tried.
"""

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass

from resources.errors import Unauthorized

PREFIX = "rage_key_"
PATTERN = re.compile(r"rage_key_(?P<id>[0-9A-Za-z]{16})_(?P<secret>[0-9A-Za-z]{43})_(?P<check>[0-9A-Za-z]{6})")
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase


@dataclass(frozen=True)
class NewKey:
    """A key as it is shown once.

    Attributes:
        id: What names it in lists, in `key:ID` and in logs.
        text: The key itself.
    """

    id: str
    text: str

    @property
    def sha256(self) -> bytes:
        """What is stored of it."""
        return hashlib.sha256(self.text.encode()).digest()


def new_key() -> NewKey:
    """A key that nobody has."""
    identity = "".join(secrets.choice(_DIGITS) for _ in range(16))
    secret = "".join(secrets.choice(_DIGITS) for _ in range(43))
    body = f"{PREFIX}{identity}_{secret}"
    return NewKey(identity, f"{body}_{checksum(body)}")


def read_key(text: str) -> NewKey:
    """The parts of a key that somebody sent.

    Raises:
        Unauthorized: It has not the form of a key, or is mistyped.
    """
    found = PATTERN.fullmatch(text)
    if found is None or checksum(text[:-7]) != found["check"]:
        raise refused()
    return NewKey(found["id"], text)


def checksum(body: str) -> str:
    """The six characters that end a key whose other parts are `body`."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return digits


def refused() -> Unauthorized:
    """What to answer to a key that does not count, whatever the reason."""
    return Unauthorized(
        "The API key does not count.", hint="It is mistyped, expired or revoked; `rage key create` makes a new one."
    )
