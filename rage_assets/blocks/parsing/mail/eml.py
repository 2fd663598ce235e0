"""E-mail messages as files: as they are sent, as Apple Mail keeps them, and web pages saved as one file."""

from typing import ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.mail import mime
from rage_assets.blocks.parsing.mail.message import outline_of
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.web.html import page

_APPLE = "message/x-emlx"
_ARCHIVE = "multipart/related"


class EmlParser:
    """Reads messages with the standard library; what they carry becomes documents of their own."""

    name = "eml"
    version = 3
    suffixes: ClassVar[dict[str, str]] = {
        ".eml": "message/rfc822", ".emlx": _APPLE, ".mht": _ARCHIVE, ".mhtml": _ARCHIVE,
    }  # fmt: skip

    def parse(self, content: Content) -> Outline:
        """The subject, who wrote to whom and when, the text with its quotations and signatures; parts as children."""
        data = content.data
        if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:64]:
            data = content.text.encode()
        data = data.removeprefix(b"\xef\xbb\xbf").lstrip()
        if content.media_type == _APPLE:
            length, _, rest = data.partition(b"\n")
            data = rest[: int(length)] if length.strip().isdigit() else data
        if data.startswith((b"From ", b">From ")):  # a message cut out of a box
            data = data.partition(b"\n")[2]
        mail = mime.read(data)
        if content.media_type == _ARCHIVE and mail.bodies and mail.bodies[0].html:
            saved = page(mail.bodies[0].html)
            saved.title = saved.title or mail.subject
            return saved
        return outline_of(mail)
