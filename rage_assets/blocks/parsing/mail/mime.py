"""Messages in the format of the Internet (MIME): their parts, decoded."""

import base64
import binascii
import email
import email.policy
import mimetypes
import re
from email.message import Message
from itertools import islice
from typing import Any

from rage_assets.blocks.parsing.mail.body import Body
from rage_assets.blocks.parsing.mail.calendar import appointments
from rage_assets.blocks.parsing.mail.headers import LONGEST, addresses, decoded, header_text, identifiers
from rage_assets.blocks.parsing.mail.message import Mail, Part
from resources.errors import ParseFailed

_MOST_PARTS = 1000
_DEEPEST = 50
_LONGEST_NAME = 200
_SIGNATURES = (
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/pgp-keys",
)
_ENVELOPES = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_REPORTS = ("message/delivery-status", "message/disposition-notification", "message/feedback-report", "text/rfc822-headers")
_UUENCODED = re.compile(r"^begin [0-7]{3,4} ([^\n]{1,200})\n((?:[ -`]{1,80}\n)+)(?:`?\n)?end[ \t]*$", re.MULTILINE)
# Also in pieces, as in `boundary*0="x"`.
_BOUNDARY = re.compile(rb"\bboundary[*\d]{0,5}\s*=", re.IGNORECASE)
_CHARSET = re.compile(rb"charset=\"?([A-Za-z][\w.:-]{2,30})", re.IGNORECASE)
_HEAD = 65536
_SUFFIXES = {"text/plain": ".txt", "text/html": ".html", "image/jpeg": ".jpg", "image/pjpeg": ".jpg",
             "message/rfc822": ".eml", "application/ms-tnef": ".dat", "application/octet-stream": ".bin",
             "text/calendar": ".ics"}  # fmt: skip


class _Policy(email.policy.Compat32):
    """The tolerant policy of old, but for long headers: the time to understand one grows with the square of its length."""

    def header_fetch_parse(self, name: str, value: Any) -> Any:
        return str(value)[:LONGEST]


def read(data: bytes) -> Mail:
    """A message and all its parts.

    Raises:
        ParseFailed: `broken` for one of too many parts.
    """
    if sum(1 for _ in islice(_BOUNDARY.finditer(data), _MOST_PARTS + 1)) > _MOST_PARTS:
        raise ParseFailed("broken", f"The message has more than {_MOST_PARTS} parts with parts of their own.")
    message = email.message_from_bytes(data, policy=_Policy())
    named = _CHARSET.search(data[:_HEAD])
    charset = named[1].decode() if named else ""
    mail = Mail(
        subject=header_text(_raw(message, "Subject"), charset),
        sender=header_text(_raw(message, "From"), charset),
        to=header_text(", ".join(_all(message, "To")), charset).strip(", "),
        cc=header_text(", ".join(_all(message, "Cc")), charset).strip(", "),
        date=header_text(_raw(message, "Date")),
        addresses={name: addresses(", ".join(_all(message, name)), charset) for name in ("to", "cc")},
        message_id=next(iter(identifiers(_raw(message, "Message-ID"))), ""),
        in_reply_to=next(iter(identifiers(_raw(message, "In-Reply-To"))), ""),
        references=identifiers(_raw(message, "References")),
    )
    _Reader(mail).add(message, 0)
    return mail


class _Reader:
    def __init__(self, mail: Mail) -> None:
        self.mail = mail
        self.seen = 0

    def add(self, part: "Message[Any, Any]", depth: int) -> None:
        self.seen += 1
        if self.seen > _MOST_PARTS or depth > _DEEPEST:
            raise ParseFailed("broken", f"The message has more than {_MOST_PARTS} parts, or they are nested too deeply.")
        kind = part.get_content_type()
        if kind == "multipart/encrypted":
            self.mail.notes.append(("Encrypted part (PGP).", "encrypted"))
        elif kind in ("message/rfc822", "message/global"):
            self._nested(part)
        elif kind in _REPORTS:
            self.mail.notes.append((_report(part), "report"))
        elif part.is_multipart():
            self._several(part, kind, depth)
        elif kind in _ENVELOPES and "signed" not in str(part.get_param("smime-type") or "enveloped-data"):
            self.mail.notes.append((f"Encrypted part (S/MIME): {_name(part, kind)}.", "encrypted"))
        elif kind == "text/calendar":
            self.mail.notes += [(text, "appointment") for text in appointments(_text(part))]
        elif kind in ("text/plain", "text/html") and not _is_file(part):
            self._text(part, kind)
        elif kind not in _SIGNATURES:
            self._file(part, kind)

    def _several(self, part: "Message[Any, Any]", kind: str, depth: int) -> None:
        bodies = self.mail.bodies
        first = len(bodies)
        for child in part.get_payload():
            if isinstance(child, Message):
                self.add(child, depth + 1)
        if kind == "multipart/alternative" and len(bodies) - first > 1:
            forms = bodies[first:]
            plain = "\n\n".join(body.plain for body in forms if body.plain)
            html = "\n".join(body.html for body in forms if body.html)
            bodies[first:] = [Body(plain, html, any(body.flowed for body in forms))]

    def _text(self, part: "Message[Any, Any]", kind: str) -> None:
        text = _text(part).replace("\r\n", "\n")
        if kind == "text/html":
            self.mail.bodies.append(Body(html=text))
            return
        for file in _UUENCODED.finditer(text):
            if (data := _uudecoded(file[2])) is not None:
                self.mail.parts.append(Part(file[1].strip(), data))
                text = text.replace(file[0], "")
        flowed = str(part.get_param("format") or "").lower() == "flowed"
        self.mail.bodies.append(Body(plain=text, flowed=flowed))

    def _nested(self, part: "Message[Any, Any]") -> None:
        inner = part.get_payload(0) if part.is_multipart() else None
        if isinstance(inner, Message):
            coded = str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64"
            data = _unbase64(str(inner.get_payload())) if coded and not inner.keys() else _bytes(inner)
            name = _name(part, "message/rfc822", "nested.eml")
            self.mail.parts.append(Part(name if name.lower().endswith(".eml") else f"{name}.eml", data))

    def _file(self, part: "Message[Any, Any]", kind: str) -> None:
        data = part.get_payload(decode=True)
        if isinstance(data, bytes) and data.strip():
            self.mail.parts.append(Part(_name(part, kind), data, str(part.get("Content-ID") or "").strip(" <>")))
        elif name := header_text(part.get_filename() or ""):
            self.mail.notes.append((f"Attachment without content: {name}", "report"))


def _raw(message: "Message[Any, Any]", name: str) -> str:
    return next(iter(_all(message, name)), "")


def _all(message: "Message[Any, Any]", name: str) -> list[str]:
    return [str(value)[:LONGEST] for key, value in message.raw_items() if key.lower() == name.lower()]


def _is_file(part: "Message[Any, Any]") -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _name(part: "Message[Any, Any]", kind: str, default: str = "") -> str:
    """The decoded name of a part; where it has none, one that says what it is."""
    try:
        found = header_text(part.get_filename() or "")
    except (LookupError, ValueError, TypeError):  # malformed parameters
        found = ""
    found = found.strip().strip("\"'").replace("\\", "/").rsplit("/", 1)[-1].strip()
    if found:
        return found if len(found) <= _LONGEST_NAME else found[: _LONGEST_NAME - 20] + found[-20:]
    if default:
        return default
    suffix = _SUFFIXES.get(kind) or mimetypes.guess_extension(kind) or ".bin"
    return f"{'image' if kind.startswith('image/') else 'attachment'}{suffix}"


def _text(part: "Message[Any, Any]") -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes) or not data:
        return ""
    return decoded(data, str(part.get_content_charset() or "").strip("\"' ;"))


def _report(part: "Message[Any, Any]") -> str:
    """The fields of a report on delivery, a line each."""
    payload = part.get_payload()
    if isinstance(payload, str):
        return _text(part)
    blocks = [child for child in payload if isinstance(child, Message)]
    return "\n".join(f"{key}: {header_text(str(value))}" for block in blocks for key, value in block.raw_items())


def _bytes(message: "Message[Any, Any]") -> bytes:
    try:
        return message.as_bytes(unixfrom=False, policy=email.policy.compat32)
    except (UnicodeError, LookupError, ValueError, TypeError, AttributeError):
        return str(message.get_payload()).encode("utf-8", "surrogateescape")


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"[^A-Za-z0-9+/]", "", text) + "===")
    except (binascii.Error, ValueError):
        return text.encode("utf-8", "replace")


def _uudecoded(text: str) -> bytes | None:
    try:
        return b"".join(binascii.a2b_uu(line) for line in text.split("\n") if line)
    except binascii.Error:
        return None
