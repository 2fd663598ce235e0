"""Walks the tokens of a LaTeX document and adds what they say to an outline."""

import re

from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.texts.latex import names
from rage_assets.blocks.parsing.texts.latex.commands import Commands
from rage_assets.blocks.parsing.texts.latex.document import Document
from rage_assets.blocks.parsing.texts.latex.macros import DEFINITIONS
from rage_assets.blocks.parsing.texts.latex.symbols import ACCENTS, accented, symbol
from rage_assets.blocks.parsing.texts.latex.tokens import PARAGRAPH, Token, Tokens
from resources.domain import BlockType

_CITES = re.compile(r"[a-zA-Z]{0,20}[cC]ite[a-zA-Z]{0,20}")
_REFERENCES = frozenset(
    ("ref", "eqref", "pageref", "autoref", "cref", "Cref", "nameref", "vref", "subref", "namecref", "labelcref")
)
_SPACES = re.compile(r"[ \t]{2,}")
_MOST_NESTED = 12
_LONGEST_FORMULA = 5000  # tokens
_TABS = ("=", ">", "<", "'", "`", "+", "-")
_ADDRESSES = ("url", "path", "nolinkurl")


class Reader(Commands):
    """Reads tokens one after the other: commands act, braces only hold, everything else is text."""

    def __init__(self, tokens: Tokens, document: Document, outline: Outline, depth: int = 0) -> None:
        """Add what is read to an outline."""
        super().__init__(tokens, document, outline)
        self.depth = depth
        self.body = True
        self._called = False  # whether the last token was a command that nobody knows, or an argument of it

    def read(self) -> None:
        """Read everything."""
        while (token := self.tokens.next()) is not None:
            self._token(token)
        if not self.depth:
            self.set_title()
        while self.tables:
            self.end_table()
        self.end_lists()
        if not self.depth:
            self.set_glossary()

    def _token(self, token: Token) -> None:
        self.last = token.at
        called, self._called = self._called, False
        if token.text[0] == "\\":
            self._command(token)
        elif not self.body:
            return
        elif token.text == PARAGRAPH:
            self.flush()
        elif token.text == "$":
            self._formula(token)
        elif token.text == "&" and self.tables:
            self.tables[-1].cell(self.taken())
        elif token.text == "~" or token.is_space:
            self.add(" ")
        elif token.text == "{":
            self._braces.append(called)
        elif token.text == "}":
            if self._braces and self._braces.pop():
                self._part_arguments()
        else:
            self.add(self.document.word(token.text))

    def _part_arguments(self) -> None:
        """Several arguments of a command that nobody knows are words apart."""
        following = self.tokens.next()
        if following is not None:
            self.tokens.push([following])
            self._called = following.text == "{"
            if self._called:
                self.add(" ")

    def _command(self, token: Token) -> None:
        name = token.command
        if name in self.document.macros and name not in ("begin", "end", "item", "section"):
            # The space behind a command goes with it.
            self.tokens.skip_space() if name[:1].isalpha() else None
            if self.document.macros.expand(token, self.tokens):
                return
        handler = getattr(self, f"_on_{name}", None) if name.isalpha() else None
        if handler is not None:
            handler()
        elif name in DEFINITIONS:
            self.document.macros.define(name, self.tokens)
        elif name in ("begin", "end"):
            self._environment(name)
        elif name == "title" or name in names.TITLE_FACTS:
            self.keep(name)
        elif name in names.LENGTHS:
            self.tokens.skip_length()
        elif not self.body and name not in names.SILENT:
            return
        elif name in ("\\", "tabularnewline"):
            self._end_line()
        elif name in ("(", "["):
            self._bracketed("\\)" if name == "(" else "\\]")
        elif name in self.document.levels:
            self._section(name)
        elif name in _TABS and "tabbing" in self._open:
            self.add(" ")
        elif name in ACCENTS and (not name.isalpha() or len(name) == 1):
            self.add(accented(name, "".join(part.text for part in self.tokens.group() if part.text not in "{}")))
        elif name in _REFERENCES or name in _ADDRESSES or (_CITES.fullmatch(name) and name not in names.SILENT):
            self._reference(name)
        elif name in ("endfirsthead", "endhead", "endfoot", "endlastfoot"):
            if self.tables:
                self.taken()
                self.tables[-1].part(name)
        else:
            self._other(name)

    def _other(self, name: str) -> None:
        """A command that stands for characters, or whose arguments are text."""
        shown = symbol(name)
        if name[:1].isalpha():
            self.tokens.skip_space()
        if shown == PARAGRAPH:
            self.flush()
        elif shown is not None and name not in names.SILENT:
            self.add(shown)
            return
        if name[:1].isalpha():
            for _ in range(3):
                if self.tokens.option(adjacent=True) is None:
                    break
            for _ in range(names.SILENT.get(name, 0)):
                self.tokens.group()
            self._called = name not in names.SILENT

    def inline(self, tokens: list[Token]) -> str:
        """The text of an argument."""
        if self.depth >= _MOST_NESTED:
            return "".join(token.text for token in tokens)
        outline = Outline()
        inner = Reader(Tokens("", tokens), self.document, outline, self.depth + 1)
        inner.read()
        self.notes += [block.text for block in outline.blocks if block.metadata.get("role") == "footnote"]
        return " ".join(block.text for block in outline.blocks if block.metadata.get("role") != "footnote").strip()

    def lines(self) -> list[int]:
        """The lines of the text since the last block."""
        first = self.document.line(self.first if self.first is not None else self.last)
        return [first, max(first, self.document.line(self.last))]

    def _section(self, name: str) -> None:
        self.end_lists()
        if not self.document.sets_title:
            self.set_title()
        self.tokens.option()
        self.first = self.last
        text = self.inline(self.tokens.group())
        self.outline.heading(text, self.document.levels[name], lines=self.lines())
        self.first = None
        self.flush()

    def _end_line(self) -> None:
        star = self.tokens.next()
        if star is not None and star.text != "*":
            self.tokens.push([star])
        self.tokens.option(adjacent=True)
        if self.tables and len(self._braces) > self.tables[-1].braces:
            self.add(" ")
        elif self.tables:
            self.tables[-1].row(self.taken())
        else:
            self.add("\n" if not self.items.depth else " ")

    def _formula(self, token: Token) -> None:
        """A formula between dollars; one that is never closed is a dollar."""
        following = self.tokens.next()
        double = following is not None and following.text == "$"
        taken = [] if double or following is None else [following]
        while len(taken) < _LONGEST_FORMULA and (not taken or taken[-1].text not in ("$", PARAGRAPH)):
            part = self.tokens.next()
            if part is None:
                break
            taken.append(part)
        if not taken or taken[-1].text != "$":
            self.tokens.push(taken)
            self.add("$$" if double else "$")
            return
        formula = "".join(part.text for part in taken[:-1])
        if double:
            closing = self.tokens.next()
            if closing is not None and closing.text != "$":
                self.tokens.push([closing])
            self.formula(formula)
        else:
            self.add(f"${formula.strip()}$")

    def _bracketed(self, end: str) -> None:
        formula = self.tokens.until(end)
        if end == "\\)":
            self.add(f"${formula.strip()}$")
        else:
            self.formula(formula)

    def _reference(self, name: str) -> None:
        if name in _ADDRESSES:
            self.add(self.tokens.raw_group())
            return
        notes = [self.inline(note) for _ in range(2) if (note := self.tokens.option()) is not None]
        keys = self.tokens.word()
        self.add("[" + ", ".join(part for part in (*notes[:-1], " ".join(keys.split()), *notes[-1:]) if part) + "]")

    def begin_document(self) -> None:
        """Go from the preamble to the text."""
        self.body = True
        if not self.document.sets_title:
            self.set_title()

    def set_title(self) -> None:
        """Set a title page that no command sets: what was given so far."""
        if self.document.facts and self.body and not self.depth:
            self._on_maketitle()

    def paragraph(self, text: str, role: str | None = None) -> None:
        """Add a paragraph, or the text of an item."""
        if self.items.depth:
            self.items.text(text)
        else:
            self.outline.add(BlockType.PARAGRAPH, text, role=role, lines=self.lines())
