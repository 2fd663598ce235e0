"""Headers of messages as people read them: encoded words, wrong character sets, folded lines, addresses."""

import base64
import binascii
import contextlib
import quopri
import re
from email.utils import formataddr, getaddresses

from rage_assets.blocks.parsing.decoding import decode, text_encoding
from rage_assets.blocks.parsing.seven_bit import seven_bit_text
from resources.errors import ParseFailed

LONGEST = 8000
_FEW_BYTES = 300
_WESTERN_SHARE = 0.5
_WORD = re.compile(r"=\?([^?\s]{0,40})\?([bBqQ])\?([^?\n]{0,4000})\?=")
_IDENTIFIER = re.compile(r"<([^<>\s]{1,500})>")


def header_text(raw: str, charset: str = "") -> str:
    """A header on one line, decoded.

    Args:
        raw: As it stands in the message; bytes that are no ASCII are surrogates, as the standard library has them.
        charset: The character set of the message's text, which such bytes are likely to be in.
    """
    text = " ".join(_bytes_as_text(raw[:LONGEST], charset).split())
    if "=?" not in text:
        return text
    parts: list[str] = []
    at = 0
    pending: tuple[str, bytes] | None = None
    for word in _WORD.finditer(text):
        between = text[at : word.start()]
        at = word.end()
        charset = word[1].split("*")[0].lower()
        data = _word_bytes(word[2], word[3])
        if pending and not between.strip():
            if pending[0] == charset:  # one character may be parted between two words
                pending = charset, pending[1] + data
                continue
            between = ""
        parts += [decoded(pending[1], pending[0]) if pending else "", between]
        pending = charset, data
    parts += [decoded(pending[1], pending[0]) if pending else "", text[at:]]
    return " ".join("".join(parts).split())


def addresses(raw: str, charset: str = "") -> list[str]:
    """The addresses of a header, each as `Name <address>`; groups without members are none."""
    raw = " ".join(_bytes_as_text(raw[:LONGEST], charset).split())
    found = []
    # Encoded names may hold commas once they are decoded, so they are decoded last.
    for name, address in getaddresses([raw]):
        if "@" in address or (name and address):
            name = header_text(name)
            found.append(f"{name} <{header_text(address)}>" if name else header_text(address))
    return found


def identifiers(raw: str) -> list[str]:
    """The identifiers of messages in a header, without their brackets."""
    return _IDENTIFIER.findall(raw[:LONGEST]) or ([raw.strip()] if raw.strip() and " " not in raw.strip() else [])


def decoded(data: bytes, charset: str) -> str:
    """Bytes in the character set that the message names, or in the one they seem to be in."""
    # UTF-8 would take the bytes of such text as they are, for letters and signs without a sense.
    if (text := seven_bit_text(data, charset)) is not None:
        return text
    encoding = text_encoding(charset) if charset else None
    for attempt in (encoding, "utf-8"):
        try:
            if attempt:
                return data.decode("cp1252" if attempt == "iso8859-1" else attempt)
        except (UnicodeError, LookupError):
            continue
    # Of a few words the look says little, and most that is named wrongly is Western.
    if len(data) < _FEW_BYTES and sum(byte > 0x7F for byte in data) < _WESTERN_SHARE * len(data):
        return data.decode("cp1252", "replace")
    try:
        return decode(data)
    except ParseFailed:
        return data.decode(encoding or "latin-1", "replace")


def address(name: str, mailbox: str) -> str:
    """A name and an address as one text."""
    return formataddr((name, mailbox)) if name.isascii() else f"{name} <{mailbox}>"


def _bytes_as_text(raw: str, charset: str) -> str:
    try:
        raw.encode("utf-8")
    except UnicodeEncodeError:
        data = raw.encode("utf-8", "surrogateescape")
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode("utf-8")
        return decoded(data, charset)
    return raw


def _word_bytes(kind: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if kind in "qQ":
        return quopri.decodestring(data, header=True)
    try:
        return base64.b64decode(re.sub(rb"[^A-Za-z0-9+/]", b"", data) + b"===")
    except (binascii.Error, ValueError):
        return data
