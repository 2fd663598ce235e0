"""The text of messages that Outlook keeps as nothing but compressed RTF."""

import struct

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.office.rtf import RtfParser
from resources.errors import ParseFailed

# What every stream of this kind starts with, unwritten, so that it need not be repeated.
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n"
    b"\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096
_MOST = 64 * 2**20
_COMPRESSED = b"LZFu"
_PLAIN = b"MELA"


def rtf_text(data: bytes) -> str:
    """The plain text of a compressed RTF property; empty where there is none or it is damaged."""
    rtf = _unpacked(data)
    if not rtf:
        return ""
    try:
        outline = RtfParser().parse(Content(rtf, "body.rtf", "application/rtf"))
    except ParseFailed:
        return ""
    return "\n".join(block.text for block in outline.blocks)


def _unpacked(data: bytes) -> bytes:
    if len(data) < 16:
        return b""
    size, kind = struct.unpack_from("<4xI4s", data)
    if kind == _PLAIN:
        return data[16 : 16 + size]
    return _decompressed(data, min(size, _MOST)) if kind == _COMPRESSED else b""


def _decompressed(data: bytes, size: int) -> bytes:
    window = bytearray(_DICTIONARY.ljust(_WINDOW, b"\0"))
    write = len(_DICTIONARY)
    out = bytearray()
    at = 16
    while at < len(data) and len(out) < size:
        control = data[at]
        at += 1
        for bit in range(8):
            if control >> bit & 1:
                if at + 2 > len(data):
                    return bytes(out)
                (reference,) = struct.unpack_from(">H", data, at)
                at += 2
                offset = reference >> 4
                if offset == write:  # the end
                    return bytes(out)
                run = [(offset + step) % _WINDOW for step in range((reference & 15) + 2)]
            else:
                if at >= len(data):
                    return bytes(out)
                window[write] = data[at]
                run = [write]
                at += 1
            for place in run:
                byte = window[place]
                out.append(byte)
                window[write] = byte
                write = (write + 1) % _WINDOW
    return bytes(out[:size])
