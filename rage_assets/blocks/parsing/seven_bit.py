"""Encodings of East Asian mail that look like ASCII: they switch between sets of characters."""

import re
from contextlib import suppress
from functools import cache

_JAPANESE = re.compile(r"(?:cs)?iso-?2022-?jp|cp5022", re.IGNORECASE)
_OTHERS = re.compile(r"(?:cs)?iso-?2022-?kr|hz\b", re.IGNORECASE)
_SWITCH = re.compile(rb"(\x1b(?:\$[@B]|\$?\([A-Z]|\.[AF]))")
_WIDE = (b"\x1b$@", b"\x1b$B")
_PAIR = re.compile(r"[\x21-\x7e]{2}")


def seven_bit_text(data: bytes, charset: str) -> str | None:
    """Text in an encoding that switches between sets of characters.

    Args:
        data: The bytes.
        charset: What the message or page calls its encoding.

    Returns:
        The text, with signs of replacement for what no set has. None where the encoding is another one, or the bytes
        cannot be in it.
    """
    japanese = _JAPANESE.match(charset)
    if not (japanese or _OTHERS.match(charset)) or not data.isascii():
        return None
    for errors in ("strict", "replace"):
        try:
            return data.decode(charset, errors)
        except (UnicodeError, LookupError):
            if japanese:
                return _japanese(data)
    return None


def _japanese(data: bytes) -> str:
    """Japanese with the characters that programs for Windows put where the standard has none, such as ① and ㈱."""
    parts = _SWITCH.split(data)
    texts = [parts[0].decode("ascii")]
    for switch, run in zip(parts[1::2], parts[2::2], strict=True):
        if switch in _WIDE:
            texts.append(_PAIR.sub(lambda pair: _character(*pair[0].encode()), run.decode("ascii")))
        else:
            texts.append((switch + run).decode("iso2022_jp_ext", "replace"))
    return "".join(texts)


@cache
def _character(row: int, cell: int) -> str:
    """The character at a place of the national table, or the one that Windows has there."""
    # Shift JIS, which Windows adds to, has two rows of the table behind each of its first bytes.
    first = (row - 0x21) // 2 + (0x81 if row < 0x5F else 0xC1)
    second = cell + (0x7E if row % 2 == 0 else 0x1F if cell < 0x60 else 0x20)
    for place, encoding in ((bytes((row | 0x80, cell | 0x80)), "euc_jp"), (bytes((first, second)), "cp932")):
        with suppress(UnicodeDecodeError):
            return place.decode(encoding)
    return "\ufffd"
