"""A message as its readers see it, whatever file it came from, and how it becomes blocks."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from rage_assets.blocks.parsing.mail.body import Body, add_body
from rage_assets.blocks.parsing.outline import Outline

_MOST_ADDRESSES = 200


@dataclass
class Part:
    """A file that a message carries.

    Attributes:
        name: Its decoded name; never empty.
        data: Its bytes.
        content_id: By what the HTML refers to it, as `cid:…`; such pictures within the text are not listed below it.
        hidden: Whether its readers never see it as an attachment.
    """

    name: str
    data: bytes
    content_id: str = ""
    hidden: bool = False


@dataclass
class Mail:
    """A message, decoded.

    Attributes:
        subject: Its subject on one line.
        sender: Who wrote it, as `Name <address>`.
        to: The receivers, as the header says it.
        cc: Further receivers.
        date: When it was written, as the header says it.
        addresses: The receivers one by one, by header.
        message_id: Its own identifier, without brackets.
        in_reply_to: The identifier of the message that it answers.
        references: The identifiers of the conversation, oldest first.
        bodies: Its texts in order.
        notes: What else its readers are told, such as appointments and what is encrypted, each with its role.
        parts: The files that it carries.
    """

    subject: str = ""
    sender: str = ""
    to: str = ""
    cc: str = ""
    date: str = ""
    addresses: dict[str, list[str]] = field(default_factory=dict)
    message_id: str = ""
    in_reply_to: str = ""
    references: list[str] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)


def outline_of(mail: Mail) -> Outline:
    """The subject as heading, who wrote to whom and when, the text, and the names of attachments, which are children."""
    outline = Outline()
    outline.title = mail.subject
    outline.heading(mail.subject, 1)
    envelope = (("From", mail.sender), ("To", mail.to), ("Cc", mail.cc), ("Date", mail.date))
    outline.paragraph("\n".join(f"{name}: {value}" for name, value in envelope if value))
    for body in mail.bodies:
        add_body(outline, body)
    for text, role in mail.notes:
        outline.paragraph(text, role=role)
    listed = []
    html = "".join(body.html for body in mail.bodies)
    for part in mail.parts:
        name = outline.attach(part.name, part.data)
        if not part.hidden and not (part.content_id and f"cid:{part.content_id}" in html):
            listed.append(name)
    if listed:
        outline.paragraph("Attachments: " + ", ".join(listed))
    if outline.blocks:
        outline.blocks[0].metadata |= metadata(mail)
    return outline


def metadata(mail: Mail) -> dict[str, Any]:
    """The headers that a search may ask for; those that the message lacks are left out."""
    found: dict[str, Any] = {
        "from": mail.sender,
        "to": mail.addresses.get("to", [])[:_MOST_ADDRESSES],
        "cc": mail.addresses.get("cc", [])[:_MOST_ADDRESSES],
        "date": utc(mail.date),
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": mail.references[-_MOST_ADDRESSES:],
        "subject": mail.subject,
    }
    return {key: value for key, value in found.items() if value}


def utc(date: str) -> str | None:
    """A date of a header in ISO 8601 and UTC; None for one that nobody understands."""
    found = None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(date.strip())
            break
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    if found is None:
        return None
    try:
        return (found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)).isoformat()
    except (ValueError, OverflowError):
        return None


def eml(mail: Mail) -> bytes:
    """The message as a file of its own, for one that stands within a file of another format."""
    message = EmailMessage()
    date = utc(mail.date)
    headers = {
        "Subject": mail.subject, "From": mail.sender, "To": mail.to, "Cc": mail.cc, "Message-ID": mail.message_id,
        "Date": format_datetime(datetime.fromisoformat(date)) if date else "",
    }  # fmt: skip
    plain = "\n\n".join(body.plain for body in mail.bodies if body.plain)
    html = "\n".join(body.html for body in mail.bodies if body.html)
    message.set_content(plain)
    if html:
        message.add_alternative(html, subtype="html")
    for part in mail.parts:
        message.add_attachment(part.data, maintype="application", subtype="octet-stream", filename=_ascii_line(part.name))
    head = "".join(f"{name}: {_ascii_line(value)}\r\n" for name, value in headers.items() if value)
    return head.encode() + message.as_bytes()


def _ascii_line(text: str) -> str:
    return " ".join(text.split())
