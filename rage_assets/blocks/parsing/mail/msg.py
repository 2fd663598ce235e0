"""Messages as Outlook saves them."""

import contextlib
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_string
from email.message import Message
from typing import TYPE_CHECKING, Any, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.mail.body import Body
from rage_assets.blocks.parsing.mail.headers import address, addresses, decoded, header_text, identifiers
from rage_assets.blocks.parsing.mail.message import Mail, Part, eml, outline_of
from rage_assets.blocks.parsing.mail.rtf_body import rtf_text
from rage_assets.blocks.parsing.outline import Outline
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from oxmsg.storage import Storage

# What Outlook numbers its properties with.
_SUBJECT, _HEADERS, _BODY, _HTML, _RTF, _MESSAGE_ID, _REPLY_TO, _REFERENCES = (
    0x0037, 0x007D, 0x1000, 0x1013, 0x1009, 0x1035, 0x1042, 0x1039,
)  # fmt: skip
_SENDER_NAME, _SENDER_SMTP, _SENDER_ADDRESS, _SENT_FOR_NAME, _SENT_FOR_SMTP = 0x0C1A, 0x5D01, 0x0C1F, 0x0042, 0x5D02
_DISPLAY_NAME, _SMTP, _ADDRESS, _RECIPIENT_KIND = 0x3001, 0x39FE, 0x3003, 0x0C15
_LONG_NAME, _SHORT_NAME, _DATA, _CONTENT_ID, _HIDDEN = 0x3707, 0x3704, 0x3701, 0x3712, 0x7FFE
_SENT, _RECEIVED, _MADE, _CODEPAGE, _BODY_CODEPAGE = 0x0039, 0x0E06, 0x3007, 0x3FFD, 0x3FDE
_ROOT, _NESTED, _OTHER = 32, 24, 8  # bytes before the properties of a message, of one within it, of all else
_DEEPEST = 10
_MOST_PARTS = 1000
_MOST_GROWTH = 4
_KINDS = {1: "to", 2: "cc"}
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


class MsgParser:
    """Reads Outlook's messages, appointments and contacts with `python-oxmsg`."""

    name = "msg"
    version = 2
    suffixes: ClassVar[dict[str, str]] = {".msg": "application/vnd.ms-outlook"}

    def parse(self, content: Content) -> Outline:
        """As a message of the Internet; attachments and messages within it as children.

        Raises:
            ParseFailed: `broken` for a container without a message.
        """
        from olefile import OleFileIO
        from oxmsg.storage import Storage

        with OleFileIO(content.data) as container:
            # Entries may share their bytes, so a small file may claim to hold any number of them.
            if sum(entry.size for entry in container.direntries if entry) > _MOST_GROWTH * content.size:
                raise ParseFailed("broken", "The container claims to hold more than it can.")
            storage = Storage.from_ole(container)
        if not any(stream.name.startswith(("__properties", "__substg")) for stream in storage.streams):
            raise ParseFailed("broken", "There is no message in the container.")
        return outline_of(_mail(storage, _ROOT, 0))


def _mail(storage: "Storage", header: int, depth: int) -> Mail:
    fields = _Fields(storage, header)
    headers: Message[Any, Any] = message_from_string(fields.text(_HEADERS)[:200_000])
    people = list(_recipients(storage, fields))

    def sent(name: str) -> str:
        return header_text(str(headers.get(name, "")))

    sender = addresses(str(headers.get("From", "")))
    mail = Mail(
        subject=" ".join(fields.text(_SUBJECT).split()),
        sender=(sent("From") if sender else "") or _sender(fields),
        to=", ".join(name for kind, name in people if kind == "to") or sent("To"),
        cc=", ".join(name for kind, name in people if kind == "cc") or sent("Cc"),
        date=sent("Date") or next((time for pid in (_SENT, _RECEIVED, _MADE) if (time := fields.time(pid))), ""),
        addresses={wanted: [name for kind, name in people if kind == wanted] for wanted in ("to", "cc")},
        message_id=next(iter(identifiers(fields.text(_MESSAGE_ID) or sent("Message-ID"))), ""),
        in_reply_to=next(iter(identifiers(fields.text(_REPLY_TO) or sent("In-Reply-To"))), ""),
        references=identifiers(fields.text(_REFERENCES) or sent("References")),
    )
    plain, html = fields.text(_BODY), fields.html()
    if not plain.strip() and not html.strip():
        plain = rtf_text(fields.data(_RTF))
    mail.bodies = [Body(plain, html)] if plain.strip() or html.strip() else []
    mail.parts = list(_parts(storage, fields, depth))
    return mail


def _sender(fields: "_Fields") -> str:
    name = fields.text(_SENDER_NAME) or fields.text(_SENT_FOR_NAME)
    boxes = (fields.text(pid) for pid in (_SENDER_SMTP, _SENT_FOR_SMTP, _SENDER_ADDRESS))
    # Exchange's own addresses (/O=…/CN=…) are no addresses to anybody else.
    mailbox = next((box for box in boxes if "@" in box), "")
    return address(name, mailbox) if mailbox and name != mailbox else name or mailbox


def _recipients(storage: "Storage", above: "_Fields") -> "Iterator[tuple[str, str]]":
    for count, one in enumerate(storage.iter_recipient_storages()):
        if count >= _MOST_PARTS:
            return
        fields = _Fields(one, _OTHER, above)
        name = fields.text(_DISPLAY_NAME).strip("'\" ")
        mailbox = next((box for pid in (_SMTP, _ADDRESS) if "@" in (box := fields.text(pid))), "")
        shown = address(name, mailbox) if name and mailbox and name != mailbox else name or mailbox
        if shown:
            yield _KINDS.get(fields.number(_RECIPIENT_KIND) or 1, ""), shown


def _parts(storage: "Storage", above: "_Fields", depth: int) -> "Iterator[Part]":
    for count, one in enumerate(storage.iter_attachment_storages()):
        if count >= _MOST_PARTS:
            raise ParseFailed("broken", f"The message has more than {_MOST_PARTS} attachments.")
        fields = _Fields(one, _OTHER, above)
        name = fields.text(_LONG_NAME) or fields.text(_SHORT_NAME) or fields.text(_DISPLAY_NAME)
        nested = next((inner for inner in one.storages if inner.name == f"__substg1.0_{_DATA:04X}000D"), None)
        if nested is not None and depth < _DEEPEST:
            yield Part("nested.eml", eml(_mail(nested, _NESTED, depth + 1)))
        elif data := fields.data(_DATA):
            name = name.replace("\\", "/").rsplit("/", 1)[-1] or "attachment.bin"
            yield Part(name, data, fields.text(_CONTENT_ID).strip("<>"), bool(fields.number(_HIDDEN)))


class _Fields:
    """The properties of a storage; strings are read leniently, whatever the file says of their encoding."""

    def __init__(self, storage: "Storage", header: int, above: "_Fields | None" = None) -> None:
        self._streams = {stream.name.upper(): stream.bytes_ for stream in storage.streams}
        fixed = self._streams.get("__PROPERTIES_VERSION1.0", b"")[header:]
        segments = (fixed[at : at + 16] for at in range(0, len(fixed) - 15, 16))
        self._fixed = {struct.unpack_from("<H", segment, 2)[0]: segment[8:] for segment in segments}
        codepage = self.number(_CODEPAGE)
        self.charset: str = f"cp{codepage}" if codepage else above.charset if above else ""

    def data(self, pid: int) -> bytes:
        return self._streams.get(f"__SUBSTG1.0_{pid:04X}0102", b"")

    def text(self, pid: int) -> str:
        wide = self._streams.get(f"__SUBSTG1.0_{pid:04X}001F")
        if wide is not None:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        return decoded(self._streams.get(f"__SUBSTG1.0_{pid:04X}001E", b"").rstrip(b"\0"), self.charset)

    def html(self) -> str:
        data = self.data(_HTML)
        codepage = self.number(_BODY_CODEPAGE)
        charset = {65001: "utf-8", 28591: "cp1252", 1200: "utf-16-le"}.get(
            codepage or 0, f"cp{codepage}" if codepage else ""
        )
        return decoded(data.rstrip(b"\0"), charset) if data else self.text(_HTML)

    def number(self, pid: int) -> int | None:
        value = self._fixed.get(pid)
        return int(struct.unpack_from("<i", value)[0]) if value else None

    def time(self, pid: int) -> str:
        value = self._fixed.get(pid)
        with contextlib.suppress(OverflowError, struct.error):
            if value and (ticks := struct.unpack_from("<Q", value)[0]):
                return (_EPOCH + timedelta(microseconds=ticks // 10)).isoformat(timespec="seconds")
        return ""
