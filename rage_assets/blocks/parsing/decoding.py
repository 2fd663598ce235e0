"""Bytes to text, without mojibake: byte order marks, declarations, UTF-8, then what the bytes look like."""

import codecs
import re

from resources.errors import ParseFailed

# UTF-32's little-endian mark begins with UTF-16's, so it is looked for first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""(?:charset|coding|encoding)\s*[=:]\s*["']?\s*([A-Za-z][\w.:-]{2,30})""")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SAMPLE = 200_000
# The guesser knows a hundred code pages, and on little text picks exotic ones; these are what people's files have.
_CANDIDATES = ["cp932", "euc_jp", "gb18030", "big5", "euc_kr", "cp1252", "cp1251", "cp1250", "cp1253", "cp1254",
               "cp1255", "cp1256", "koi8_r", "iso8859_2", "mac_roman"]  # fmt: skip
_MULTIBYTE = {"cp932", "euc_jp", "gb18030", "big5", "euc_kr"}


def decode(data: bytes) -> str:
    """Decode the bytes of a text file.

    Args:
        data: All bytes of the file.

    Returns:
        The text, without a byte order mark.

    Raises:
        ParseFailed: `binary` when the bytes are no text, `encoding` when no encoding fits.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _checked(data.decode(encoding, "replace"))
    if wide := _wide_encoding(data):
        return _checked(data.decode(wide, "replace"))
    try:
        return _checked(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _checked(_legacy(data))


def looks_binary(data: bytes) -> bool:
    """Whether bytes without a byte order mark cannot be text in any usual encoding."""
    sample = data[:8192]
    if any(sample.startswith(mark) for mark, _ in _MARKS) or _wide_encoding(sample):
        return False
    return b"\0" in sample or len(_CONTROLS.findall(sample.decode("latin-1"))) > len(sample) * 0.02 + 1


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 without a mark: Western text has a zero in every second byte, always on the same side."""
    sample = data[:4096]
    if len(sample) < 4 or (len(sample) % 2 and len(sample) == len(data)):
        return None
    half = len(sample) // 2
    for encoding, zeros, others in (("utf-16-le", sample[1::2], sample[::2]), ("utf-16-be", sample[::2], sample[1::2])):
        if zeros.count(0) > half * 0.7 and others.count(0) < half * 0.05:
            return encoding
    return None


def _legacy(data: bytes) -> str:
    """Decode what is not clean UTF-8: as it declares itself, as damaged UTF-8, or as the guesser says."""
    if b"\0" in data[:8192]:
        raise ParseFailed("binary", "These bytes are no text.")
    declared = _DECLARED.search(data[:2048])
    if declared:
        try:
            name = codecs.lookup(declared[1].decode("ascii")).name
            # A page that says Latin-1 means Windows-1252, as browsers read it.
            return data.decode("cp1252" if name == "iso8859-1" else name)
        except (LookupError, UnicodeDecodeError):
            pass
    damaged = data.decode("utf-8", "replace")
    lost = damaged.count("\ufffd")
    if lost * 20 <= sum(char > "\x7f" for char in damaged) - lost or (len(data) > 20 and _cut_short(data)):
        return damaged
    return _guessed(data)


def _cut_short(data: bytes) -> bool:
    """Whether only the last character of UTF-8 text is cut off."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(data) - 4 and error.reason == "unexpected end of data"
    return False


def _guessed(data: bytes) -> str:
    """Decode by the look of the bytes; Western text where little speaks for anything else."""
    from charset_normalizer import from_bytes

    matches = from_bytes(data[:_SAMPLE], cp_isolation=_CANDIDATES, threshold=0.3)
    guess = matches.best()
    encoding = guess.encoding if guess else "cp1252"
    high = sum(byte > 0x7F for byte in data[:_SAMPLE])
    if encoding not in _MULTIBYTE and high < 0.2 * len(data[:_SAMPLE]):
        # Among single-byte encodings of mostly ASCII text the Western one is by far the likeliest.
        encoding = "cp1252"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
        if text.count("\ufffd") * 50 > len(text):
            raise ParseFailed("encoding", "The text is in no encoding that could be found.") from None
        return text


def _checked(text: str) -> str:
    """The text, unless control characters show that it is none."""
    if len(_CONTROLS.findall(text[:_SAMPLE])) > len(text[:_SAMPLE]) * 0.05 + 1:
        raise ParseFailed("binary", "These bytes are no text.")
    return text
