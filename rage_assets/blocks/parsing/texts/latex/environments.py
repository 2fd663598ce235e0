"""The environments of LaTeX: lists, tables, formulas, code, figures, quotations."""

import re
from abc import ABC, abstractmethod

from rage_assets.blocks.parsing.outline import Outline, squeeze
from rage_assets.blocks.parsing.texts.latex import names
from rage_assets.blocks.parsing.texts.latex.document import Document
from rage_assets.blocks.parsing.texts.latex.symbols import without_commands
from rage_assets.blocks.parsing.texts.latex.table import Table
from rage_assets.blocks.parsing.texts.latex.tokens import Token, Tokens, tokenized
from rage_assets.blocks.parsing.texts.list_items import ListItems
from resources.domain import BlockType

_LABEL = re.compile(r"\\(?:label|tag)\*?\{[^{}]{0,300}\}|\\(?:nonumber|notag)(?![a-zA-Z])")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_LANGUAGE = re.compile(r"language\s*=\s*\{?(?:\[[^\]]{0,50}\])?\s*([\w+#-]{1,40})")
_TITLE = re.compile(r"caption\s*=\s*(?:\{([^{}]{1,500})\}|\{?([^{},\]]{1,500}))")
# Of an environment's options: its title by name, or nothing but words.
_NAMED = re.compile(r"(?:^|,)\s*(?:frame)?title\s*=\s*(?:\{((?:[^{}]|\{[^{}]{0,500}\}){1,1000})\}|([^,{}]{1,500}))")
_WORDS = re.compile(r"(?![!hHtbp]+$)(?=[^=]*[^\W\d_]{4})(?:[^\W\d_]*[A-Z]|[^=,]+ )(?:[^=,]|,\s)*")
_LONGEST_TITLE = 1000
_QUOTES = (("``", "“"), ("''", "”"), ("---", "—"), ("--", "–"))


class Environments(ABC):
    """What is open while a document is read: text, lists, tables, environments."""

    def __init__(self, tokens: Tokens, document: Document, outline: Outline) -> None:
        """Begin with nothing open."""
        self.document = document
        self.tokens = tokens
        self.outline = outline
        self.items = ListItems()
        self.tables: list[Table] = []
        self.notes: list[str] = []
        self.picture = ""
        self.body = True
        self.first: int | None = None
        self.last = 0
        self._text: list[str] = []
        self._open: list[str] = []
        self._braces: list[bool] = []
        self._lists: list[str] = []

    @abstractmethod
    def inline(self, tokens: list[Token]) -> str:
        """The text of an argument."""

    @abstractmethod
    def lines(self) -> list[int]:
        """The lines of the text since the last block."""

    @abstractmethod
    def paragraph(self, text: str, role: str | None = None) -> None:
        """Add a paragraph, or the text of an item."""

    def add(self, text: str) -> None:
        """Add to the text that is open."""
        if self.first is None and text.strip():
            self.first = self.last
        self._text.append(text)

    def taken(self) -> str:
        """The text that was open, as it reads; a new one begins."""
        text = squeeze("".join(self._text)).replace(" ,", ",")
        self._text = []
        for written, shown in _QUOTES:
            text = text.replace(written, shown)
        return text.strip()

    def flush(self) -> None:
        """End the paragraph that is open."""
        if self.tables:
            self.add(" ")
            return
        text = self.taken()
        if text:
            role = "quote" if any(name in names.QUOTES for name in self._open) else None
            self.paragraph(text, role)
        if not self.items.depth:
            self.first = None
            notes, self.notes = self.notes, []
            for note in notes:
                self.outline.paragraph(note, role="footnote", lines=self.lines())

    def formula(self, text: str) -> None:
        """Add a displayed formula as LaTeX."""
        text = squeeze(_LABEL.sub("", _COMMENT.sub("", text)).replace("\n\n", "\n"))
        if self.tables:
            self.add(f"${text}$")
            return
        if self._text:
            self.flush()
        if text:
            self.paragraph(f"$${text}$$", "formula")

    def _formulas(self, name: str) -> None:
        self.flush()
        start = self.last
        text = self.tokens.until(f"\\end{{{name}}}")
        if not self.tables:
            self.first, self.last = start, max(start, self.tokens.at - 1)
        self.formula(text)
        self.first = None if not self.items.depth else self.first

    def caption(self, text: str) -> None:
        """Add the caption of a figure or a table."""
        if any(name in names.FIGURES for name in self._open):
            self.outline.add(BlockType.IMAGE, text, source=self.picture or None, lines=self.lines())
            self.picture = ""
        else:
            self.outline.paragraph(text, role="caption", lines=self.lines())

    def item(self, name: str) -> None:
        """Begin an item of the list that is open; without one, a paragraph."""
        self.flush()
        if self._lists:
            self.items.item()
        if name:
            described = self._lists and self._lists[-1] == "description" and name[-1:] not in ":.!?"
            self.add(f"{name}: " if described else f"{name} ")

    def end_lists(self) -> None:
        """End the paragraph and all lists that are open."""
        self.flush()
        while self._lists:
            self._end_list(self._lists[-1])

    def end_table(self) -> None:
        """End the innermost table."""
        table = self.tables.pop()
        del self._braces[table.braces :]
        table.row(self.taken())
        table.finish()
        self._text = table.outside
        if self.tables:
            self.add(" " + table.words() + " ")
            return
        self.first = table.at
        self._end_items()
        self.outline.add(BlockType.TABLE, table.text(), lines=self.lines())
        self.first = None
        if not self.items.depth:
            self.flush()

    def _end_items(self) -> None:
        """Add the items so far."""
        if self.items.depth:
            self.outline.add(BlockType.LIST, self.items.take(), lines=self.lines())

    def _environment(self, how: str) -> None:
        """Begin or end an environment."""
        name = self.tokens.word()[:100]
        plain = name.rstrip("*")
        if how == "end":
            self._end(name, plain)
            if plain == "document":
                self.tokens.close()
        elif plain == "document":
            self.begin_document()
        elif not self.body:
            if plain in names.DRAWN:
                self.tokens.until(f"\\end{{{name}}}")
        elif plain in names.MATH:
            self._formulas(name)
        elif plain in names.VERBATIM or name in self.document.verbatim:
            self._code(name)
        elif plain in names.DRAWN:
            self.tokens.until(f"\\end{{{name}}}")
        else:
            self._begin(name, plain)

    def _begin(self, name: str, plain: str) -> None:
        if name in names.TABLES or plain in names.TABLES:
            self._begin_table(names.TABLES.get(name, names.TABLES.get(plain, 1)))
            return
        option = self.tokens.option()
        for _ in range(names.SILENT_ENVIRONMENTS.get(plain, 0)):
            self.tokens.group()
        if self.tables:
            return
        self.flush()
        if len(self._open) < 200:
            self._open.append(plain)
        if plain in names.LISTS and len(self._lists) < 50:
            if plain == "thebibliography":
                self.outline.heading("References", self._top(), lines=self.lines())
            self._lists.append(plain)
            self.items.open()  # numbers that the source does not write are no text of it
        elif plain == "letter":
            self.add(self.inline(self.tokens.group()))
            self.flush()
        elif plain == "abstract":
            self.outline.heading("Abstract", self._top(), lines=self.lines())
        elif plain in self.document.theorems:
            label = self.document.theorems[plain]
            self.add(f"{label} ({self.inline(option)}). " if option else f"{label}. ")
        elif plain in ("frame", "block", "alertblock", "exampleblock"):
            self._titled(plain)
        elif option:
            self._option(option)

    def _option(self, option: list[Token]) -> None:
        """Add the title that the options of an environment have."""
        written = "".join(token.text for token in option)[:_LONGEST_TITLE]
        if found := _NAMED.search(written):
            option = tokenized(found[1] or found[2])
        elif not _WORDS.fullmatch(written):
            return
        self.add(self.inline(option))
        self.flush()

    def _titled(self, plain: str) -> None:
        """A slide's or a box's title, where braces follow."""
        token = self.tokens.next()
        if token is None:
            return
        self.tokens.push([token])
        if token.text == "{":
            deep = max(self.document.levels.values(), default=0) + (1 if plain == "frame" else 2)
            self.outline.heading(self.inline(self.tokens.group()), deep, lines=self.lines())

    @abstractmethod
    def set_title(self) -> None:
        """Set a title page that no command sets."""

    @abstractmethod
    def begin_document(self) -> None:
        """Go from the preamble to the text."""

    def _top(self) -> int:
        """The level of the headings right below the title."""
        return min(self.document.levels.values(), default=2)

    def _end(self, name: str, plain: str) -> None:
        if name in names.TABLES or plain in names.TABLES:
            if self.tables:
                self.end_table()
            return
        if self.tables:
            return
        self.flush()
        if plain in self._open:
            while self._open.pop() != plain:
                pass
        if plain in self._lists:
            while self._end_list(self._lists[-1]) != plain:
                pass
        if plain in names.FIGURES:
            self.picture = ""
        elif plain == "frontmatter":
            self.set_title()

    def _end_list(self, name: str) -> str:
        self._lists.pop()
        if self.items.depth == 1:
            self._end_items()
        self.items.close()
        self.flush()
        return name

    def _begin_table(self, arguments: int) -> None:
        self.tokens.option()
        self.tokens.skip_words("to", "spread")
        for _ in range(arguments):
            self.tokens.group()
        self.tokens.option(adjacent=True)
        if not self.tables:
            self.flush()
        if len(self.tables) < 20:
            self.tables.append(Table(self._text, self.last, len(self._braces)))
            self._text = []

    def _code(self, name: str) -> None:
        option = "".join(token.text for token in self.tokens.option(adjacent=True) or ())
        language = self.tokens.word() if name.rstrip("*") == "minted" else ""
        found = _LANGUAGE.search(option)
        language = language or (found[1] if found else self.document.verbatim.get(name, ""))
        self.flush()
        if title := _TITLE.search(option):
            self.paragraph((title[1] or title[2]).strip())
        start = self.last
        text = self.tokens.until(f"\\end{{{name}}}")
        if name in names.COMMANDED or "commandchars" in option:
            text = without_commands(text)
        if self.items.depth or self.tables:
            self.add(text)
            return
        self.first, self.last = start, max(start, self.tokens.at - 1)
        self.outline.add(BlockType.CODE, text, language=language.lower() or None, lines=self.lines())
        self.first = None
