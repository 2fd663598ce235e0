"""Compound files (OLE), the containers of Office before 2007: streams by name, and the document's own facts."""

import io
from typing import Any

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.rtf_tokens import code_page, decoded
from resources.errors import ParseFailed

_FACTS = ("title", "author", "subject", "keywords", "comments")


class CompoundFile:
    """The streams of a compound file."""

    def __init__(self, content: Content) -> None:
        """Open a file.

        Raises:
            ParseFailed: `broken` where it is none.
        """
        import olefile

        try:
            self._file: Any = olefile.OleFileIO(io.BytesIO(content.data))
        except (OSError, ValueError, IndexError, olefile.OleFileError) as error:
            raise ParseFailed("broken", f"The file is no Office document: {error}.") from None

    def has(self, name: str) -> bool:
        """Whether there is a stream of this name."""
        return bool(self._file.exists(name))

    def read(self, name: str) -> bytes:
        """The bytes of a stream; none where it is missing.

        Raises:
            ParseFailed: `broken` where it is damaged.
        """
        if not self.has(name):
            return b""
        try:
            return bytes(self._file.openstream(name).read())
        except (OSError, ValueError, IndexError) as error:
            raise ParseFailed("broken", f"Stream {name} cannot be read: {error}.") from None

    def facts(self) -> dict[str, str]:
        """Title, author, subject and so on, as far as they can be read."""
        try:
            metadata = self._file.get_metadata()
        except Exception:  # damaged facts are no reason to lose the text
            return {}
        encoding = code_page((metadata.codepage or 1252) & 0xFFFF)
        found = {name: getattr(metadata, name, None) for name in _FACTS}
        texts = {name: decoded(value, encoding) if isinstance(value, bytes) else value for name, value in found.items()}
        return {name: text.strip("\0 ") for name, text in texts.items() if isinstance(text, str)}
