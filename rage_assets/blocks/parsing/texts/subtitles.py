"""Subtitles and captions: what is said, without the times in the text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline, squeeze

_CLOCK = r"(?:\d{1,3}:)?\d{1,2}:\d{1,2}[.,:]\d{1,3}"
_TIMES = re.compile(rf"\s*({_CLOCK})\s*-->\s*({_CLOCK})")
_TIMES_SBV = re.compile(rf"\s*({_CLOCK}),({_CLOCK})\s*")
_TIMES_LRC = re.compile(r"((?:\[\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?\])+)(.*)")
_FACT_LRC = re.compile(r"\[[a-z#]{1,10}:.*\]")
_TAG = re.compile(r"</?[a-z\d.:][^<>]*>|\{\\[^{}]{0,200}\}", re.IGNORECASE)
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^<>]+)>", re.IGNORECASE)
_NAMED = re.compile(r"(?:>>\s*)?-?\s*([A-ZÀ-Þ][\w.'’-]{0,30}(?: [A-ZÀ-Þ\d][\w.'’-]{0,30}){0,3}):\s+\S")
_ROLLING = re.compile(r"<\d\d:\d\d:\d\d\.\d{3}><c>")
_SENTENCE_END = re.compile(r"[.?!…。？！][\"'”’)\]♪]*$|[—♪)\]]$")
_LONGEST_JOINED = 400
_LONGEST_GAP = 1.5  # seconds


@dataclass
class _Cue:
    """What is shown from one time to another."""

    start: str
    end: str
    first: int
    last: int
    lines: list[str] = field(default_factory=list)


class SubtitlesParser:
    """Reads cues; each sentence is a paragraph with its times and speaker in `metadata`."""

    name = "subtitles"
    version = 3
    suffixes: ClassVar[dict[str, str]] = {
        ".vtt": "text/vtt",
        ".srt": "application/x-subrip",
        ".sbv": "text/x-sbv",
        ".lrc": "text/x-lrc",
    }

    def parse(self, content: Content) -> Outline:
        """A paragraph for each cue, or for the cues that one sentence of one speaker takes."""
        outline = Outline()
        lines = content.text.split("\n")
        cues = _lyrics(lines) if content.media_type == "text/x-lrc" else _cues(lines, content.media_type)
        if _ROLLING.search(content.text):
            cues = _unrolled(cues)
        said: _Said | None = None
        for following in (one for cue in cues for one in _voices(cue)):
            if said is not None and said.goes_on(following):
                said.join(following)
                continue
            if said is not None:
                said.add_to(outline)
            said = following
        if said is not None:
            said.add_to(outline)
        return outline


@dataclass
class _Said:
    """What one speaker says, and when."""

    text: str
    speaker: str | None
    cue: _Cue
    end: str
    last: int

    def goes_on(self, following: "_Said") -> bool:
        """Whether the next words belong to the same sentence."""
        named = _NAMED.match(following.text) or following.text[:1] in "-–>[(♪"
        gap = _seconds(following.cue.start) - _seconds(self.end)
        same = self.speaker == following.speaker and not named and 0 <= gap <= _LONGEST_GAP
        return same and len(self.text) < _LONGEST_JOINED and not _SENTENCE_END.search(self.text)

    def join(self, following: "_Said") -> None:
        """Take the next words."""
        self.text += " " + following.text
        self.end, self.last = following.end, following.last

    def add_to(self, outline: Outline) -> None:
        """Add it as a paragraph."""
        named = _NAMED.match(self.text)
        speaker = self.speaker or (named[1] if named else None)
        lines = [self.cue.first, self.last]
        outline.paragraph(self.text, start=self.cue.start, end=self.end, speaker=speaker, lines=lines)


def _cues(lines: list[str], media_type: str) -> Iterator[_Cue]:
    """The cues; what stands before the first one and between them is their number, a note or a style."""
    times = _TIMES_SBV if media_type == "text/x-sbv" else _TIMES
    strict = media_type == "text/vtt"
    cue: _Cue | None = None
    apart: list[str] = []  # what follows a blank line: of the cue, or the next one's number
    blank = False
    for number, line in enumerate(lines, start=1):
        if found := times.match(line):
            before = apart if blank else cue.lines if cue else []
            if before and ((blank and strict) or before[-1].strip().isdigit()):
                before.pop()
            if cue is not None:
                cue.lines += [] if strict else apart
                yield cue
            cue, apart, blank = _Cue(found[1], found[2], number, number), [], False
        elif not line.strip():
            blank = True
        elif blank:
            apart.append(line)
        elif cue is not None:
            cue.lines.append(line)
            cue.last = number
    if cue is not None:
        cue.lines += [] if strict else apart
        yield cue


def _lyrics(lines: list[str]) -> Iterator[_Cue]:
    """The lines of a song; each is sung until the next one."""
    sung: _Cue | None = None
    for number, line in enumerate(lines, start=1):
        if found := _TIMES_LRC.match(line.strip()):
            start = found[1].split("]")[0].strip("[")
            if sung is not None:
                sung.end = start
                yield sung
            sung = _Cue(start, start, number, number, [found[2]])
        elif sung is not None and line.strip() and not _FACT_LRC.fullmatch(line.strip()):
            sung.lines.append(line)
            sung.last = number
    if sung is not None:
        yield sung


def _unrolled(cues: Iterator[_Cue]) -> Iterator[_Cue]:
    """Captions that roll upwards show each line twice; here it stands once."""
    shown: list[str] = []
    for cue in cues:
        plain = [(line, _TAG.sub("", line).strip()) for line in cue.lines]
        kept = [line for line, words in plain if words and words not in shown]
        shown = [words for _, words in plain]
        cue.lines = kept
        yield cue


def _voices(cue: _Cue) -> Iterator[_Said]:
    """What each speaker of a cue says."""
    import html

    parts = _VOICE.split("\n".join(cue.lines))
    for speaker, text in zip([None, *parts[1::2]], parts[::2], strict=False):
        words = squeeze(html.unescape(_TAG.sub("", text)).replace("\\N", "\n"))
        if words:
            yield _Said(words, html.unescape(speaker) if speaker else None, cue, cue.end, cue.last)


def _seconds(clock: str) -> float:
    """A time as seconds.

    >>> _seconds("01:02:03,500"), _seconds("2:03.5")
    (3723.5, 123.5)
    """
    whole, _, fraction = re.sub(r"[,.]", ".", clock).partition(".")
    total = 0
    for part in whole.split(":"):
        total = total * 60 + int(part)
    return total + float(f"0.{fraction or 0}")
