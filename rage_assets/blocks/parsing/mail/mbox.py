"""Boxes full of messages, read one after the other, whatever their size."""

import re
import tempfile
from collections.abc import Iterator
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import IO, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.mail.headers import header_text
from rage_assets.blocks.parsing.outline import Outline
from resources.errors import ParseFailed

_FROM = re.compile(rb"From \S.{0,300}(?:\d{4}|\d:\d{2})")
_HEADER = re.compile(rb"[!-9;-~]{1,100}:|>?From ")
_ESCAPED = re.compile(rb">+From ")
_LONGEST_LINE = 2**20
_MOST_MESSAGES = 200_000
_MOST_MESSAGE_BYTES = 256 * 2**20
_IN_MEMORY = 32 * 2**20
_HEAD = 65536
_LONGEST_NAME = 80


class MboxParser:
    """Reads boxes as Unix, Thunderbird and Google's export write them; each message becomes a document of its own."""

    name = "mbox"
    version = 2
    reads_in_pieces = True
    suffixes: ClassVar[dict[str, str]] = {".mbox": "application/mbox", ".mbx": "application/mbox"}

    def parse(self, content: Content) -> Outline:
        """No blocks of its own: each message as a child `0001 Subject.eml`."""
        outline = Outline()
        kept = 0
        with content.open() as stream:
            for number, message in enumerate(_messages(stream), start=1):
                if number > _MOST_MESSAGES:
                    raise ParseFailed("too_large", f"The box has more than {_MOST_MESSAGES} messages.")
                kept += len(message)
                outline.attach(_name(number, message), message if kept <= _IN_MEMORY else _scratch(message))
        if not outline.children:
            raise ParseFailed("broken", "There is no message in the box.")
        return outline


def _messages(stream: IO[bytes]) -> Iterator[bytes]:
    """The messages of a box: each begins with a line `From …` after a blank one, with a header below it."""
    message: list[bytes] = []
    size = 0
    blank, begun = True, False
    line = stream.readline(_LONGEST_LINE)
    while line:
        following = stream.readline(_LONGEST_LINE)
        if blank and _FROM.match(line) and _HEADER.match(following):
            if begun and size:
                yield b"".join(message)
            message, size, begun = [], 0, True
        elif begun:
            kept = line[1:] if _ESCAPED.match(line) else line
            size += len(kept)
            if size > _MOST_MESSAGE_BYTES:
                raise ParseFailed("too_large", f"A message of the box has more than {_MOST_MESSAGE_BYTES} bytes.")
            message.append(kept)
        blank = not line.strip()
        line = following
    if begun and size:
        yield b"".join(message)


def _name(number: int, message: bytes) -> str:
    try:
        subject = header_text(str(BytesHeaderParser().parsebytes(message[:_HEAD]).get("Subject", "")))
    except (ValueError, TypeError, LookupError):
        subject = ""
    subject = re.sub(r"[\\/:*?\"<>|\s]+", " ", subject).strip(" .")[:_LONGEST_NAME].strip()
    return f"{number:04d} {subject or 'message'}.eml"


def _scratch(data: bytes) -> Path:
    with tempfile.NamedTemporaryFile(prefix="message-", suffix=".eml", delete=False) as file:
        file.write(data)
    return Path(file.name)
