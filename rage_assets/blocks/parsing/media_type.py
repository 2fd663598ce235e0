"""What kind of file it is: the content decides where it is unmistakable, the name elsewhere."""

import re
import zipfile
import zlib
from pathlib import Path

from rage_assets.blocks.parsing.archives.archive import open_zip
from rage_assets.blocks.parsing.archives.tar import is_tar
from rage_assets.blocks.parsing.code.languages import language_in
from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.decoding import looks_binary
from rage_assets.blocks.parsing.ole_type import ole_type, text_type
from rage_assets.blocks.parsing.registry import media_type_for
from resources.errors import ParseFailed

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_XLSB = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
_PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
    (b"\x89PNG\r\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"7z\xbc\xaf", "application/x-7z-compressed"),
    (b"Rar!\x1a", "application/vnd.rar"),
    (b"\x7fELF", "application/x-executable"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
    (b"PAR1", "application/vnd.apache.parquet"),
)
_BMP_HEADERS = [bytes([size, 0, 0, 0]) for size in (12, 40, 52, 56, 64, 108, 124)]
_DAMAGED = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, KeyError, zlib.error,
)  # fmt: skip
_START = 64 * 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_NAMES = {"msg": "application/vnd.ms-outlook", "doc": "application/msword", "xls": "application/vnd.ms-excel",
              "ppt": "application/vnd.ms-powerpoint"}  # fmt: skip
_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).){0,2000}-->\s*)*<(?:!doctype\s+html|html)[\s>]", re.I | re.S)
_BOX = re.compile(rb"From \S[^\n]{0,300}\d[^\n]{0,50}\n[!-9;-~]{1,100}:")
_HEADER = re.compile(rb"[A-Z][A-Za-z-]{1,60}:[ \t]")
_MAIL_HEADERS = re.compile(
    rb"^(From|To|Subject|Date|Message-ID|Received|MIME-Version|Return-Path):", re.MULTILINE | re.IGNORECASE
)
_ODF = "application/vnd.oasis.opendocument."
_BINARY_FORMATS = (
    "application/pdf", "image/", "application/vnd.", "application/epub", "application/msword", "application/rtf",
)  # fmt: skip


def media_type_of(source: bytes | Path, path: str) -> str:
    """The media type of a file by its content and name.

    Args:
        source: Its bytes, or where they are; only as much is read as is needed to tell.
        path: Its path in its source.

    Raises:
        ParseFailed: `encrypted` or `broken` where the container says so, `binary` for bytes that are no text under a
            name that promises text.
    """
    start = source[:_START] if isinstance(source, bytes) else _start_of(source)
    head = start[:8].lstrip(b"\xef\xbb\xbf \t\r\n") + start[8:4096]
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    if is_tar(start):
        return "application/x-tar"
    if (picture := _picture(start[:26])) is not None:
        return picture
    named = media_type_for(path)
    if head.startswith(b"PK") and head[2:4] in (b"\3\4", b"\5\6", b"\7\x08"):
        return _inside_zip(source, named)
    if head.startswith(_OLE):
        return _inside_ole(source, path)
    # Also under the name of a Word or Excel file: many a web page's "download" is one.
    if _HTML.match(head) and (named in (None, "text/plain") or str(named).startswith(_BINARY_FORMATS)):
        return "text/html"
    if head.startswith(b"<?xml") and named in (None, "text/plain"):
        return "application/xml"
    if named is not None and named.startswith(_BINARY_FORMATS):
        return named if looks_binary(start) else text_type(head, named)
    if looks_binary(start):
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


def _picture(head: bytes) -> str | None:
    """The kinds of pictures that more than the first bytes tell."""
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    # Two reserved numbers that are 0, and the size of a header that there is.
    if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0" and head[14:18] in _BMP_HEADERS:
        return "image/bmp"
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"avif"):
        return "image/avif" if head[8:12] == b"avif" else "image/heic"
    return None


def _inside_zip(source: bytes | Path, named: str | None) -> str:
    """What a zip archive holds by the names in it."""
    try:
        with open_zip(source, of_files=True) as archive:
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
    if "xl/workbook.bin" in names:
        return _XLSB
    for folder, media_type in (("word/", _DOCX), ("xl/", _XLSX), ("ppt/", _PPTX)):
        if "[Content_Types].xml" in names and any(name.startswith(folder) for name in names):
            return media_type
    if "content.xml" in names and str(named).startswith(_ODF):
        return str(named)
    return _DOCX if named == _DOCX and "[Content_Types].xml" in names else "application/zip"


def _start_of(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(_START)


def _inside_ole(source: bytes | Path, path: str) -> str:
    """What an OLE container (Office before 2007, or an encrypted one of today) holds."""
    data = source if isinstance(source, bytes) else Content(source, path, "application/x-ole-storage").data
    named = _OLE_NAMES.get(path.rsplit(".", 1)[-1].lower(), "application/x-ole-storage")
    return ole_type(data) or named
