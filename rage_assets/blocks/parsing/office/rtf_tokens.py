"""RTF's syntax: groups, control words, characters as bytes; and the code pages that give the bytes a meaning."""

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

from rage_assets.blocks.parsing.office.rtf_words import BULLETS, PRIVATE

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|[\r\n\0]+|([^\\{}\r\n\0]+)|\\", re.DOTALL
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_MARK = 0xFEFF  # a byte order mark, which is no text
_FALLBACK = "cp1252"
# The character sets of fonts (\fcharset); 1 is the document's own.
_CHARSETS = {
    0: "cp1252", 77: "mac_roman", 78: "shift_jis", 79: "euc_kr", 80: "gb2312", 81: "big5", 83: "cp1255", 84: "cp1256",
    85: "mac_greek", 86: "mac_turkish", 87: "cp874", 88: "mac_latin2", 89: "mac_cyrillic", 128: "cp932", 129: "cp949",
    130: "johab", 134: "cp936", 136: "cp950", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256",
    186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
_PAGES = {10000: "mac_roman", 10006: "mac_greek", 10007: "mac_cyrillic", 10029: "mac_latin2", 10081: "mac_turkish",
          1361: "johab", 20127: "ascii", 20866: "koi8_r", 21866: "koi8_u", 54936: "gb18030", 65001: "utf-8"}  # fmt: skip


class Token(NamedTuple):
    """A piece of RTF.

    Attributes:
        kind: `{`, `}`, `word`, `symbol` (a backslash and one character) or `bytes`.
        word: The control word, or the symbol's character.
        number: The control word's number; None where it has none.
        data: The bytes of text.
        end: Where the next piece begins.
    """

    kind: str
    word: str = ""
    number: int | None = None
    data: bytes = b""
    end: int = 0


def tokens(data: bytes, start: int = 0) -> Iterator[Token]:
    """The pieces of an RTF file from some place; line ends and binary data are no text."""
    at, size = start, len(data)
    while at < size:
        found = _TOKEN.match(data, at)
        if found is None:
            return
        at = found.end()
        word, number, code, symbol, brace, text = found.groups()
        if text is not None:
            yield Token("bytes", data=text)
        elif code is not None:
            yield Token("bytes", "'", data=bytes((int(code, 16),)))
        elif brace is not None:
            yield Token(brace.decode(), end=at)
        elif symbol is not None:
            yield Token("symbol", symbol.decode("latin-1"))
        elif word == b"bin":
            at += max(0, int(number or 0))
        elif word is not None:
            yield Token("word", word.decode(), int(number) if number is not None else None)


def code_page(number: int) -> str:
    """The encoding of a Windows or Macintosh code page, as Python calls it."""
    name = _PAGES.get(number) or (f"iso8859_{number - 28590}" if 28590 < number < 28606 else f"cp{number}")
    try:
        codecs.lookup(name)
    except LookupError:
        return _FALLBACK
    return name


def charset(number: int, otherwise: str) -> str:
    """The encoding of a font's character set."""
    return _CHARSETS.get(number, otherwise)


def decoded(data: bytes, *encodings: str) -> str:
    """Text in the first encoding that fits; the last resort replaces what does not."""
    if data.isascii():
        return data.decode("ascii")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode(_FALLBACK, "replace")


def character(number: int) -> str:
    r"""The character of a number (\u); of picture fonts only bullets mean something, half a pair stays half."""
    code = number + 0x10000 if number < 0 else number
    if code in PRIVATE:
        return "•" if code in BULLETS else ""
    return chr(code) if 0 < code < 0x110000 and code != _MARK else ""


def joined(text: str) -> str:
    """Text whose pairs of surrogates are the characters that they mean."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
