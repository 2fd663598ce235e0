"""E-mail messages: who wrote to whom, when, about what, and the text."""

import email
import email.policy
from email.message import EmailMessage, MIMEPart
from typing import Any, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.decoding import decode, text_encoding
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.texts.plain_text import paragraphs
from rage_assets.blocks.parsing.web.html import page
from resources.errors import ParseFailed

_HEADERS = ("From", "To", "Cc", "Date")
_MAX_DEPTH = 10
_MOST_PARTS = 1000
_LONGEST_HEADER = 8000


class _Policy(email.policy.EmailPolicy):
    """The usual policy, but for long headers: the time to understand one grows with the square of its length."""

    def header_fetch_parse(self, name: str, value: Any) -> Any:
        if len(value) <= _LONGEST_HEADER:
            return super().header_fetch_parse(name, value)
        return " ".join(str(value)[:_LONGEST_HEADER].split())


class EmlParser:
    """Reads messages with the standard library; the plain text of a message is preferred to its HTML."""

    name = "eml"
    version = 1
    suffixes: ClassVar[dict[str, str]] = {".eml": "message/rfc822"}

    def parse(self, content: Content) -> Outline:
        """The subject as heading, who wrote to whom and when, the text, and the names of attachments."""
        if content.data.lower().count(b"boundary") > _MOST_PARTS:
            raise ParseFailed("broken", f"The message has more than {_MOST_PARTS} parts with parts of their own.")
        message = email.message_from_bytes(content.data, policy=_Policy())
        outline = Outline()
        assert isinstance(message, EmailMessage)
        _add(outline, message, 1)
        outline.title = next((block.text for block in outline.blocks if block.type == "heading"), "")
        return outline


def _add(outline: Outline, message: EmailMessage, level: int) -> None:
    outline.heading(_header(message, "Subject"), level)
    outline.paragraph("\n".join(f"{name}: {value}" for name in _HEADERS if (value := _header(message, name))))
    body = message.get_body(("plain", "html"))
    if body is not None:
        text = _text(body)
        if body.get_content_subtype() == "html" and text.strip():
            outline.extend(page(text))
        else:
            for _, lines in paragraphs(text.replace("\r\n", "\n")):
                outline.paragraph("\n".join(lines))
    names = []
    for part in message.iter_attachments():
        if part.get_content_type() == "message/rfc822" and level < _MAX_DEPTH:
            inner = part.get_payload(0) if part.is_multipart() else None
            if isinstance(inner, EmailMessage):
                _add(outline, inner, level + 1)
        elif name := part.get_filename():
            names.append(name)
    if names:
        outline.paragraph("Attachments: " + ", ".join(names))


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name, "")).split())
    except Exception:  # malformed headers raise many kinds; the message is still worth reading
        return ""


def _text(part: MIMEPart) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes) or not payload:
        return ""
    charset = text_encoding(part.get_content_charset() or "")
    try:
        return payload.decode(charset) if charset else decode(payload)
    except (LookupError, UnicodeDecodeError):
        return decode(payload)
