"""What a parser is given: the bytes of one file, its name, and what kind of file it is."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from rage_assets.blocks.parsing.decoding import decode


@dataclass(frozen=True)
class Content:
    """One file on its way to a parser.

    Attributes:
        data: Its bytes.
        path: Its path in the source; only the name is looked at.
        media_type: The type found by name and content.
    """

    data: bytes
    path: str
    media_type: str

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return PurePosixPath(self.path).name

    @property
    def suffix(self) -> str:
        """The name's last suffix in lower case, with its dot."""
        return PurePosixPath(self.path).suffix.lower()

    @cached_property
    def text(self) -> str:
        """The bytes as text, with line feeds as newlines.

        Raises:
            ParseFailed: `binary` when the bytes are no text, `encoding` when no encoding fits.
        """
        return decode(self.data).replace("\r\n", "\n").replace("\r", "\n")
