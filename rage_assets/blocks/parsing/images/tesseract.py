"""Tesseract, where its program is installed: for languages whose letters RapidOCR's weights do not know."""

import csv
import io
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.images.recognised import RecognisedLine, RecognisedPage
from rage_assets.blocks.parsing.program import output_of

if TYPE_CHECKING:
    from PIL.Image import Image

_SECONDS = 60
# Where its models and libraries lie.
_KEPT = ("LD_LIBRARY_PATH", "TESSDATA_PREFIX")
_WORD = "5"
_COLUMNS = ("level", "page_num", "block_num", "par_num", "line_num", "left", "top", "width", "height", "conf", "text")
_LEAST_CONFIDENCE = 0.3
# ISO 639-1 to the names of Tesseract's models.
_MODELS = {
    "ar": "ara", "bg": "bul", "bn": "ben", "ca": "cat", "cs": "ces", "da": "dan", "de": "deu", "el": "ell", "en": "eng",
    "es": "spa", "et": "est", "fa": "fas", "fi": "fin", "fr": "fra", "he": "heb", "hi": "hin", "hr": "hrv", "hu": "hun",
    "it": "ita", "ja": "jpn", "ko": "kor", "lt": "lit", "lv": "lav", "mr": "mar", "nl": "nld", "no": "nor", "pl": "pol",
    "pt": "por", "ro": "ron", "ru": "rus", "sk": "slk", "sl": "slv", "sr": "srp", "sv": "swe", "ta": "tam", "te": "tel",
    "th": "tha", "tr": "tur", "uk": "ukr", "ur": "urd", "vi": "vie", "zh": "chi_sim",
}  # fmt: skip
# The scripts that Tesseract tells apart, to the models that read them.
_SCRIPTS = {
    "Arabic": ("ara", "fas", "urd"), "Bengali": ("ben",), "Cyrillic": ("rus", "ukr", "bul", "srp"),
    "Devanagari": ("hin", "mar"), "Greek": ("ell",), "Hebrew": ("heb",), "Japanese": ("jpn",), "Hangul": ("kor",),
    "Korean": ("kor",), "Tamil": ("tam",), "Telugu": ("tel",), "Thai": ("tha",),
}  # fmt: skip


@dataclass(frozen=True)
class Tesseract:
    """The program with the languages that it is to read.

    Attributes:
        program: Where it is.
        models: The models that are installed.
        chosen: Those that it reads with.
    """

    program: str
    models: frozenset[str]
    chosen: tuple[str, ...] = ("eng",)
    name: str = "tesseract"

    @staticmethod
    @cache
    def installed() -> "Tesseract | None":
        """The program of this machine; None without one."""
        program = shutil.which("tesseract")
        if program is None:
            return None
        listed = _run([program, "--list-langs"], b"")
        return Tesseract(program, frozenset(listed.split("\n")[1:])) if listed else None

    def knows(self, languages: Iterable[str]) -> bool:
        """Whether there is a model for each of some languages (ISO 639-1)."""
        return all(_MODELS.get(language) in self.models for language in languages)

    def reading(self, languages: Sequence[str]) -> "Tesseract":
        """The engine for languages, by ISO 639-1 or by the names of models; those without a model are left out."""
        named = [_MODELS.get(language, language) for language in languages]
        chosen = tuple(dict.fromkeys(model for model in named if model in self.models))
        return replace(self, chosen=chosen or ("eng",))

    def scripts(self, picture: "Image") -> list[str]:
        """The models for the script that a picture seems to be in."""
        found = re.search(r"^Script: (\w+)", _run([self.program, "-", "-", "--psm", "0"], _png(picture)), re.MULTILINE)
        return [*_SCRIPTS.get(found[1] if found else "", ()), "eng"]

    def read(self, picture: "Image") -> RecognisedPage:
        """Read a picture; its direction is found by the program."""
        automatic = "1" if "osd" in self.models else "3"
        command = [self.program, "-", "-", "-l", "+".join(self.chosen), "--psm", automatic, "tsv"]
        return RecognisedPage(lines_of_tsv(_run(command, _png(picture))), 0, picture.size, self.name)


def lines_of_tsv(table: str) -> list[RecognisedLine]:
    """The lines in Tesseract's table of words."""
    words: dict[tuple[str, ...], list[dict[str, str]]] = {}
    rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
    if not set(_COLUMNS) <= set(rows.fieldnames or ()):
        return []
    for row in rows:
        if row["level"] == _WORD and (row["text"] or "").strip() and float(row["conf"]) >= 0:
            place = tuple(row[key] for key in ("page_num", "block_num", "par_num", "line_num"))
            words.setdefault(place, []).append(row)
    lines = []
    for parts in words.values():
        text = " ".join(part["text"].strip() for part in parts)
        confidence = sum(float(part["conf"]) * len(part["text"]) for part in parts) / 100
        confidence /= sum(len(part["text"]) for part in parts)
        if confidence >= _LEAST_CONFIDENCE:
            boxes = [[float(part[key]) for key in ("left", "top", "width", "height")] for part in parts]
            sides = (
                min(box[0] for box in boxes),
                min(box[1] for box in boxes),
                max(box[0] + box[2] for box in boxes),
                max(box[1] + box[3] for box in boxes),
            )
            lines.append(RecognisedLine(text, sides, confidence))
    return lines


def _png(picture: "Image") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _run(command: list[str], data: bytes) -> str:
    """What the program prints; nothing where it fails or takes too long."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    printed = output_of(command, _SECONDS, kept | {"OMP_THREAD_LIMIT": "1"}, data=data)
    return (printed or b"").decode("utf-8", "replace")
