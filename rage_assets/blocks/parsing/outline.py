"""What a parser returns: blocks in reading order, each under the headings above it."""

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from pathlib import Path, PurePosixPath
from typing import Any

from resources.domain import BlockType, ChildFile, ParsedBlock
from resources.errors import ParseFailed

# Postgres refuses NUL, and no reader wants the other control characters.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")


def clean(text: str) -> str:
    """Text that every store accepts and that compares as it looks: NFC, no controls or surrogates, line feeds."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").replace("\v", "\n")
    text = _SURROGATES.sub("\ufffd", _CONTROLS.sub("", text))
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def squeeze(text: str) -> str:
    """Text with single spaces and no blank ends of lines."""
    return "\n".join(_SPACES.sub(" ", line).strip() for line in text.strip().split("\n"))


def _parts(text: str) -> Iterator[str]:
    """A text, parted at the end of a line or word where it is endless."""
    start = 0
    while len(text) - start > _LONGEST_BLOCK:
        limit = start + _LONGEST_BLOCK
        end = text.rfind("\n", limit - _LONGEST_BLOCK // 2, limit) + 1
        end = end or text.rfind(" ", limit - _LONGEST_BLOCK // 2, limit) + 1 or limit
        if part := text[start:end].strip("\n").rstrip():
            yield part
        start = end
    yield text[start:].lstrip("\n")


def inner_path(name: str) -> str:
    r"""A name within a file as a path with `/`, without what leads out of it; `unnamed` where nothing is left.

    >>> inner_path("..\\a/./b.pdf")
    'a/b.pdf'
    """
    parts = [part for part in clean(name).replace("\\", "/").split("/") if part.strip() not in ("", ".", "..")]
    return "/".join(parts) or "unnamed"


# How many characters all blocks of an outline may have together: a small file that repeats itself is no document.
text_budget: ContextVar[float] = ContextVar("text_budget", default=math.inf)
# Where the blocks of a file go that is read in pieces; without it they stay in the outline.
sink: ContextVar[Callable[["Outline"], None] | None] = ContextVar("sink", default=None)
# Told that reading gets on: a page is turned, or a piece of a long file is behind.
on_progress: ContextVar[Callable[[], None] | None] = ContextVar("on_progress", default=None)
# A longer block comes in parts: what reads blocks one at a time holds no more than this.
_LONGEST_BLOCK = 1_000_000
_FLUSH_BLOCKS = 500
_FLUSH_CHARACTERS = 4_000_000


class Outline:
    """Collects the blocks of one document.

    Attributes:
        title: The document's own title; empty where it has none.
        blocks: In reading order.
        children: The files inside this one, such as attachments and the members of an archive.
    """

    def __init__(self) -> None:
        self._budget = text_budget.get()
        self._sink = sink.get()
        sink.set(None)  # it is for the file's own outline, the first, and not for those of its parts
        self._on_progress = on_progress.get()
        self._size = self._flushed = 0.0
        self.title = ""
        self.blocks: list[ParsedBlock] = []
        self._page: int | None = None
        self.children: list[ChildFile] = []
        self._names: dict[str, int] = {}  # of the children, each with the last number that it was given
        self._open: list[tuple[int, str]] = []

    @property
    def page(self) -> int | None:
        """The page that the next blocks stand on, counted from 1; None where the format has no pages."""
        return self._page

    @page.setter
    def page(self, page: int | None) -> None:
        self._page = page
        self.progress()

    def heading(self, text: str, level: int, **metadata: Any) -> None:
        """Add a heading; it closes the sections of its level and below, and opens its own."""
        text = " ".join(clean(text).split())
        if not text:
            return
        self._open = [(opened, name) for opened, name in self._open if opened < level]
        self.add(BlockType.HEADING, text, level=level, **metadata)
        self._open.append((level, text))

    def add(
        self, kind: BlockType, text: str, *, language: str | None = None, section: Sequence[str] = (), **metadata: Any
    ) -> None:
        """Add a block; white space alone is none, and what is endless comes in several.

        Args:
            kind: What it is.
            text: Its text; code and tables keep their white space.
            language: The programming language of code.
            section: Names below the open headings, for what has a name of its own but no heading, such as a function.
            **metadata: Where it stands in the file and what else is worth keeping; None values are left out.
        """
        text = clean(text)
        text = text.strip("\n").rstrip() if kind in (BlockType.CODE, BlockType.LIST) else text.strip()
        if not text.strip():
            return
        section = [*(name for _, name in self._open), *(clean(name) for name in section)]
        self._spend(len(text) + sum(map(len, section)))
        self.blocks += [
            ParsedBlock(
                type=kind,
                text=part,
                section=section,
                page=self.page,
                language=language,
                metadata={key: value for key, value in metadata.items() if value is not None},
            )
            for part in _parts(text)
        ]

    def paragraph(self, text: str, **metadata: Any) -> None:
        """Add a paragraph."""
        self.add(BlockType.PARAGRAPH, squeeze(clean(text)), **metadata)

    def attach(self, name: str, data: bytes | Path) -> str:
        """Add a file that stands inside this one; it becomes a document of its own, at `path!/name`.

        Args:
            name: Its path within this file, with `/`; unsafe parts of it are dropped.
            data: Its bytes, or the scratch file that has them.

        Returns:
            The name that it got: where another file has it already, it is numbered, as in `a-2.pdf`.
        """
        path = self._unused(inner_path(name))
        self.children.append(ChildFile(name=path, data=data))
        return path

    def progress(self) -> None:
        """Say that reading gets on, which starts the clock anew that ends whoever hangs."""
        if self._on_progress is not None:
            self._on_progress()

    def flush(self) -> None:
        """Hand over the blocks so far where they are many; a parser that reads a file in pieces says so between them."""
        self.progress()
        if self._sink is None:
            return
        if len(self.blocks) >= _FLUSH_BLOCKS or self._size - self._flushed > _FLUSH_CHARACTERS:
            self._sink(self)
            self.blocks = []
            self._flushed = self._size

    def extend(self, other: "Outline") -> None:
        """Add all blocks and children of another outline below the sections that are open here."""
        above = [name for _, name in self._open]
        self._spend(other._size + len(other.blocks) * sum(map(len, above)))
        self.blocks += [
            block.model_copy(update={"section": above + block.section, "page": block.page or self.page})
            for block in other.blocks
        ]
        for child in other.children:
            self.attach(child.name, child.data)

    def _unused(self, path: str) -> str:
        number = self._names.get(path, 0) + 1
        numbered = path
        while number > 1 and (numbered := _numbered(path, number)) in self._names:
            number += 1
        self._names[path] = number
        self._names.setdefault(numbered, 1)
        return numbered

    def _spend(self, size: float) -> None:
        self._size += size
        if self._size > self._budget:
            raise ParseFailed("too_large", "The file's text is many times larger than the file.")


def _numbered(path: str, number: int) -> str:
    place = PurePosixPath(path)
    return str(place.with_name(f"{place.stem}-{number}{place.suffix}"))
