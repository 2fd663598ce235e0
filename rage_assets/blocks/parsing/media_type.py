"""What kind of file it is: the content decides where it is unmistakable, the name elsewhere."""

import re
import zipfile
import zlib

from rage_assets.blocks.parsing.archives.archive import open_zip
from rage_assets.blocks.parsing.code.languages import language_in
from rage_assets.blocks.parsing.decoding import looks_binary
from rage_assets.blocks.parsing.registry import media_type_for
from resources.errors import ParseFailed

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
    (b"\x89PNG\r\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"7z\xbc\xaf", "application/x-7z-compressed"),
    (b"Rar!\x1a", "application/vnd.rar"),
    (b"\x7fELF", "application/x-executable"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
    (b"PAR1", "application/vnd.apache.parquet"),
)
_DAMAGED = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, KeyError, zlib.error,
)  # fmt: skip
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_NAMES = {"msg": "application/vnd.ms-outlook", "doc": "application/msword", "xls": "application/vnd.ms-excel",
              "ppt": "application/vnd.ms-powerpoint"}  # fmt: skip
_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).){0,2000}-->\s*)*<(?:!doctype\s+html|html)[\s>]", re.I | re.S)
_BOX = re.compile(rb"From \S[^\n]{0,300}\d[^\n]{0,50}\n[!-9;-~]{1,100}:")
_HEADER = re.compile(rb"[A-Z][A-Za-z-]{1,60}:[ \t]")
_MAIL_HEADERS = re.compile(
    rb"^(From|To|Subject|Date|Message-ID|Received|MIME-Version|Return-Path):", re.MULTILINE | re.IGNORECASE
)
_BINARY_FORMATS = ("application/pdf", "application/vnd.", "application/epub", "application/msword", "application/rtf")


def media_type_of(data: bytes, path: str) -> str:
    """The media type of a file by its content and name.

    Raises:
        ParseFailed: `encrypted` or `broken` where the container says so, `binary` for bytes that are no text under a
            name that promises text.
    """
    head = data[:8].lstrip(b"\xef\xbb\xbf \t\r\n") + data[8:4096]
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    named = media_type_for(path)
    if head.startswith(b"PK") and head[2:4] in (b"\3\4", b"\5\6", b"\7\x08"):
        return _inside_zip(data, named)
    if head.startswith(_OLE):
        return _inside_ole(data, path)
    # Also under the name of a Word or Excel file: many a web page's "download" is one.
    if _HTML.match(head) and (named in (None, "text/plain") or str(named).startswith(_BINARY_FORMATS)):
        return "text/html"
    if named is not None and named.startswith(_BINARY_FORMATS):
        return named
    if looks_binary(data):
        kind = f"promises {named}" if named else "is of an unknown kind"
        raise ParseFailed("binary", f"The bytes are no text, and the name {kind}.")
    if named is None and (found := _mail(head)):
        return found
    language = language_in(head.decode("utf-8", "replace")) if named is None else None
    return named or (f"text/x-{language}" if language else "text/plain")


def _mail(head: bytes) -> str | None:
    """Whether text without a telling name is a message, or a box of them: mail programs' files often have no suffix."""
    if head.startswith(b"From ") and _BOX.match(head):
        return "application/mbox"
    return "message/rfc822" if _HEADER.match(head) and len(set(_MAIL_HEADERS.findall(head))) >= 3 else None


def _inside_zip(data: bytes, named: str | None) -> str:
    """What a zip archive holds by the names in it."""
    try:
        with open_zip(data) as archive:
            names = set(archive.namelist())
            manifest = "META-INF/manifest.xml"
            small = manifest in names and archive.getinfo(manifest).file_size < 1_000_000
            if small and b"encryption-data" in archive.read(manifest):
                raise ParseFailed("encrypted", "The document is protected by a password.")
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                return archive.read("mimetype").decode("ascii", "replace").strip()
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
        KeyError,
        zlib.error,
    ) as error:
        if named and named.startswith(_BINARY_FORMATS):
            raise ParseFailed("broken", f"The file is a damaged archive: {error}.") from None
        return "application/zip"
    for folder, media_type in (("word/", _DOCX), ("xl/", _XLSX), ("ppt/", _PPTX)):
        if "[Content_Types].xml" in names and any(name.startswith(folder) for name in names):
            return media_type
    return _DOCX if named == _DOCX and "[Content_Types].xml" in names else "application/zip"


def _inside_ole(data: bytes, path: str) -> str:
    """What an OLE container (Office before 2007, or an encrypted one of today) holds."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise ParseFailed("encrypted", "The document is protected by a password.")
    named = _OLE_NAMES.get(path.rsplit(".", 1)[-1].lower())
    if named is None and "__properties_version1.0".encode("utf-16-le") in data:
        return _OLE_NAMES["msg"]
    return named or "application/x-ole-storage"
