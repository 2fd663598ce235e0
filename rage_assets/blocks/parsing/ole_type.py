"""What a compound file (OLE) holds, by its streams, and what else stands under the names of old Office files."""

import io
import re

from resources.errors import ParseFailed

_ENCRYPTED = "EncryptedPackage"
_STREAMS = {
    "WordDocument": "application/msword",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
    "PP97_DUALSTORAGE": "application/vnd.ms-powerpoint",
    "PP40": "application/vnd.ms-powerpoint",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "__properties_version1.0": "application/vnd.ms-outlook",
    "VisioDocument": "application/vnd.visio",
}
_OLD = ("application/msword", "application/vnd.ms-powerpoint", "application/rtf")
_XML = re.compile(rb"\s*<\?xml\s")
_MIME = re.compile(rb"(?:MIME-Version|From|Content-Type):\s", re.IGNORECASE)


def ole_type(data: bytes) -> str | None:
    """The media type of a compound file; None for one that is damaged or of a kind of its own.

    Raises:
        ParseFailed: `encrypted`, where all that it holds is a document of today behind a password.
    """
    names = _root_names(data)
    # The name may stand anywhere in a file: in a text, or in an attachment that has a password.
    if (_ENCRYPTED.encode("utf-16-le") in data) if names is None else (_ENCRYPTED in names):
        raise ParseFailed("encrypted", "The document is protected by a password.")
    return next((media_type for name, media_type in _STREAMS.items() if name in (names or ())), None)


def _root_names(data: bytes) -> set[str] | None:
    """The names of a compound file's outermost entries; None for one that is damaged."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            return {entry.name for entry in file.root.kids}
    except Exception:  # damaged in many ways; the parser says which
        return None


def text_type(start: bytes, named: str) -> str:
    """The media type of a text under the name of an old Office file: XML, a web archive, or plain.

    Args:
        start: The beginning of the file, which is no compound file.
        named: What the name promises.
    """
    if named not in _OLD:
        return named
    if _XML.match(start):
        return "application/xml"
    return "message/rfc822" if _MIME.match(start) else "text/plain"
