"""Bytes to text, without mojibake: byte order marks, declarations, UTF-8, then what the bytes look like."""

import codecs
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.language import likeliest_language
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from rage_assets.blocks.parsing.content import Content

# UTF-32's little-endian mark begins with UTF-16's, so it is looked for first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""(?:charset|coding|encoding)\s*[=:]\s*["']?\s*([A-Za-z][\w.:-]{2,30})""")
# Python's codecs that turn bytes into something else, or take very long to.
_NO_ENCODINGS = frozenset(
    ("idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem", "rot13", "base64", "bz2", "hex",
     "quopri", "uu", "zlib")
)  # fmt: skip
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SAMPLE = 200_000
_CENTRAL = {"bs", "cs", "hr", "hu", "pl", "ro", "sk", "sl", "sq"}
# The encodings that people's files have, with the languages they are for: in any other language, what an encoding makes
# of the bytes only looks like text.
_LANGUAGES = {
    "cp1250": _CENTRAL, "iso8859_2": _CENTRAL, "cp1251": {"be", "bg", "mk", "ru", "sr", "uk"}, "koi8_r": {"ru"},
    "cp1253": {"el"}, "cp1254": {"az", "tr"}, "cp1255": {"he"}, "cp1256": {"ar", "fa", "ur"},
}  # fmt: skip
_LATIN = {"cp1250", "iso8859_2", "cp1254"}
_IDEOGRAPHS = ("cp932", "euc_jp", "gb18030", "big5", "euc_kr")
_WIDE = re.compile("[\u3040-\u9fff\uac00-\ud7af]")
_WIDE_RUNS = re.compile("[\u3040-\u9fff\uac00-\ud7af]{2,}")
_ODD_CAPITALS = re.compile("[a-zα-ωά-ώа-я][A-ZΑ-ΩА-Я]")
_WESTERN = "cp1252"
# A larger file is decoded in pieces, as its beginning says.
_STREAMED_SAMPLE = 4 * 2**20
_PIECE = 2**18


def decode(data: bytes) -> str:
    """Decode the bytes of a text file.

    Args:
        data: All bytes of the file.

    Returns:
        The text, without a byte order mark.

    Raises:
        ParseFailed: `binary` when the bytes are no text, `encoding` when no encoding fits.
    """
    try:
        if not data.startswith(tuple(mark for mark, _ in _MARKS)) and not _wide_encoding(data):
            return _checked(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    encoding = encoding_of(data)
    text = data.decode(encoding, "replace")
    if not encoding.startswith("utf") and text.count("\ufffd") * 50 > len(text):
        raise ParseFailed("encoding", "The text is in no encoding that could be found.")
    return _checked(text)


def text_stream(content: "Content") -> Iterator[str]:
    """The text of a file in pieces, with line feeds as newlines; in bounded memory, however large the file is.

    Args:
        content: The file.

    Yields:
        Pieces of any length up to some megabytes; together they are the text without a byte order mark.

    Raises:
        ParseFailed: As `decode` does, of the file's beginning.
    """
    with content.open() as file:
        data = file.read(_STREAMED_SAMPLE)
        if content.size <= _STREAMED_SAMPLE:
            yield decode(data).replace("\r\n", "\n").replace("\r", "\n")
            return
        # A character at the sample's end may be cut in two.
        encoding = encoding_of(data[: data.rfind(b"\n") + 1] or data[:-4])
        _checked(data[:_SAMPLE].decode(encoding, "replace"))
        # Plain ASCII so far says nothing of what comes: what is no UTF-8 then is Western text.
        errors = "western" if data.isascii() else "replace"
        inner = codecs.getincrementaldecoder(encoding)(errors)
        decoder = io.IncrementalNewlineDecoder(inner, translate=True)
        while data:
            for start in range(0, len(data), _PIECE):
                yield decoder.decode(data[start : start + _PIECE])
            data = file.read(_PIECE)
        yield decoder.decode(b"", final=True)


def _as_western(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode(_WESTERN, "replace"), error.end


codecs.register_error("western", _as_western)


def encoding_of(data: bytes) -> str:
    """The encoding of a text file, as Python calls it, byte order mark included.

    Args:
        data: All bytes of the file, or its first part, which may end within a character.

    Raises:
        ParseFailed: `binary` when the bytes are no text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    if wide := _wide_encoding(data):
        return wide
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _legacy(data)
    return "utf-8"


def text_encoding(name: str) -> str | None:
    """The encoding that a file names, as Python calls it; None for one that is unknown or no encoding of texts."""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return None if found in _NO_ENCODINGS else found


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
    """The encoding of what is not clean UTF-8: as it declares itself, damaged UTF-8, or as the guesser says."""
    if b"\0" in data[:8192]:
        raise ParseFailed("binary", "These bytes are no text.")
    declared = _DECLARED.search(data[:2048])
    if declared:
        try:
            name = text_encoding(declared[1].decode("ascii"))
            # A page that says Latin-1 means Windows-1252, as browsers read it.
            if name:
                name = "cp1252" if name == "iso8859-1" else name
                data.decode(name)
                return name
        except UnicodeError:
            pass
    damaged = data.decode("utf-8", "replace")
    lost = damaged.count("\ufffd")
    if lost * 20 <= sum(char > "\x7f" for char in damaged) - lost or (len(data) > 20 and _cut_short(data)):
        return "utf-8"
    return _guessed(data)


def _cut_short(data: bytes) -> bool:
    """Whether only the last character of UTF-8 text is cut off."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(data) - 4 and error.reason == "unexpected end of data"
    return False


def _guessed(data: bytes) -> str:
    """The encoding by the look of the bytes; the Western one where nothing else reads as a language of its encoding."""
    from charset_normalizer import from_bytes

    sample = data[:_SAMPLE]
    matches = from_bytes(sample, cp_isolation=[*_LANGUAGES, *_IDEOGRAPHS], threshold=0.4)
    guess = matches.best()
    encoding, best = _WESTERN, 0.2
    if guess and guess.encoding in _IDEOGRAPHS and _has_words_of_ideographs(sample.decode(guess.encoding, "ignore")):
        encoding = guess.encoding
    else:
        foreign = sum(byte > 0x7F for byte in sample) >= 0.3 * len(sample)
        names = [name for match in matches for name in match.could_be_from_charset if name in _LANGUAGES]
        for rank, candidate in enumerate(dict.fromkeys(names)):
            text = sample.decode(candidate, "ignore")
            language, confidence = likeliest_language(text)
            fits = language in _LANGUAGES[candidate] and (foreign or candidate in _LATIN)
            # No script has capitals within words; among equals the guesser's own order counts.
            score = round(confidence, 1) - 0.05 * rank - len(_ODD_CAPITALS.findall(text)) / len(text)
            if fits and score > best:
                encoding, best = candidate, score
    return encoding


def _has_words_of_ideographs(text: str) -> bool:
    """Whether ideographs stand together; alone, each is an accented letter and its neighbour taken for one."""
    wide = len(_WIDE.findall(text))
    return wide > 0 and sum(map(len, _WIDE_RUNS.findall(text))) >= 0.5 * wide


def _checked(text: str) -> str:
    """The text, unless control characters show that it is none."""
    if len(_CONTROLS.findall(text[:_SAMPLE])) > len(text[:_SAMPLE]) * 0.05 + 1:
        raise ParseFailed("binary", "These bytes are no text.")
    return text
