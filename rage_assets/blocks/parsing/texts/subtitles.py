"""Subtitles (WebVTT, SubRip): what is said, without the times in the text."""

import re
from typing import ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.texts.plain_text import paragraphs

_TIMES = re.compile(r"\s*((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})\s+-->\s+((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})")
_TAG = re.compile(r"</?[a-z\d.:][^<>]*>", re.IGNORECASE)
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^<>]+)>", re.IGNORECASE)


class SubtitlesParser:
    """Reads cues; each is a paragraph with its times and speaker in `metadata`."""

    name = "subtitles"
    version = 1
    suffixes: ClassVar[dict[str, str]] = {".vtt": "text/vtt", ".srt": "application/x-subrip"}

    def parse(self, content: Content) -> Outline:
        """A paragraph for each cue."""
        import html

        outline = Outline()
        for first, lines in paragraphs(content.text):
            at = next((place for place, line in enumerate(lines[:2]) if _TIMES.match(line)), None)
            if at is None:
                continue  # the header, a note or a style
            times = _TIMES.match(lines[at])
            assert times is not None
            text = "\n".join(lines[at + 1 :])
            speaker = _VOICE.search(text)
            outline.paragraph(
                html.unescape(_TAG.sub("", text)),
                start=times[1],
                end=times[2],
                speaker=html.unescape(speaker[1]) if speaker else None,
                lines=[first, first + len(lines) - 1],
            )
        return outline
