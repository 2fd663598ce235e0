"""What a parser is given: the bytes of one file, its name, and what kind of file it is."""

import io
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO

from rage_assets.blocks.parsing.decoding import decode
from resources.errors import ParseFailed

# What a parser that wants a whole file at once may have of it; larger ones are read by those that stream.
WHOLE_BYTES = 256 * 2**20
HEAD_BYTES = 64 * 1024


class Content:
    """One file on its way to a parser.

    Attributes:
        path: Its path in the source; only the name is looked at.
        media_type: The type found by name and content.
        source: Its bytes, or where they are.
        passwords: What the operator says that encrypted files may open with.
    """

    def __init__(self, source: bytes | Path, path: str, media_type: str, passwords: Sequence[str] = ()) -> None:
        """Take the bytes of a file, or where they are."""
        self.source = source
        self.path = path
        self.media_type = media_type
        self.passwords = tuple(passwords)

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return PurePosixPath(self.path).name

    @property
    def suffix(self) -> str:
        """The name's last suffix in lower case, with its dot."""
        return PurePosixPath(self.path).suffix.lower()

    @cached_property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size

    def open(self) -> IO[bytes]:
        """The bytes as a stream that can seek; for formats that are read in pieces, whatever their size."""
        return io.BytesIO(self.source) if isinstance(self.source, bytes) else self.source.open("rb")

    @cached_property
    def head(self) -> bytes:
        """The first bytes, which often tell what a file is."""
        with self.open() as stream:
            return stream.read(HEAD_BYTES)

    @cached_property
    def data(self) -> bytes:
        """All bytes at once.

        Raises:
            ParseFailed: `too_large` for more than this format can be read with in bounded memory.
        """
        if self.size > WHOLE_BYTES:
            raise ParseFailed(
                "too_large", f"The file has {self.size} bytes; files of this kind are read up to {WHOLE_BYTES}."
            )
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()

    @cached_property
    def text(self) -> str:
        """The bytes as text, with line feeds as newlines.

        Raises:
            ParseFailed: `binary` when the bytes are no text, `encoding` when no encoding fits, `too_large`.
        """
        return decode(self.data).replace("\r\n", "\n").replace("\r", "\n")
