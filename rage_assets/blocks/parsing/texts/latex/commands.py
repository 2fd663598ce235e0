"""The commands of LaTeX that do more than stand for characters; each has a method of its own."""

import re

from rage_assets.blocks.parsing.texts.latex.document import Document
from rage_assets.blocks.parsing.texts.latex.environments import Environments
from rage_assets.blocks.parsing.texts.latex.tokens import Token

_LONGEST_FACT = 20_000  # tokens
_FIELD = re.compile(r"from(?:name|address|phone|mobilephone|fax|email|url)|subject|title|place|date|signature|\w{2,8}ref")


class Commands(Environments):
    """What a command of some name does is done by the method of that name behind `_on_`."""

    document: Document

    def keep(self, name: str) -> None:
        """Remember a part of the title page until that is set."""
        self.tokens.option()
        known = self.document.facts.setdefault(name, [])
        given = self.tokens.group()
        if len(known) < _LONGEST_FACT:
            known += [Token("\\and", self.last), *given] if known else given

    def _on_maketitle(self) -> None:
        """Set what was given as title, author and date."""
        facts, self.document.facts = self.document.facts, {}
        self.end_lists()
        title = self.inline(facts.pop("title", []))
        self.outline.title = self.outline.title or title
        self.outline.heading(title, 1)
        for name, tokens in facts.items():
            self.outline.paragraph(self.inline(tokens), role=name)
        self.flush()

    def _on_texorpdfstring(self) -> None:
        """What is printed stands here, and what the bookmarks say goes."""
        self.add(self.inline(self.tokens.group()))
        self.tokens.group()

    def _on_opening(self) -> None:
        self.flush()
        self.add(self.inline(self.tokens.group()))
        self.flush()

    _on_closing = _on_encl = _on_cc = _on_opening

    def _on_setkomavar(self) -> None:
        """A field of a letter."""
        name = self.tokens.word()
        self.tokens.option()
        value = self.tokens.group()
        if _FIELD.fullmatch(name):
            self.outline.paragraph(self.inline(value), role=name)

    def _on_footnote(self) -> None:
        self.tokens.option()
        self.notes.append(self.inline(self.tokens.group()))

    _on_thanks = _on_footnotetext = _on_footnote

    def _on_href(self) -> None:
        self.tokens.skip_space()
        self.tokens.raw_group()

    def _on_verb(self) -> None:
        self.add(f"`{self.tokens.delimited()}`")

    def _on_lstinline(self) -> None:
        self.tokens.option(adjacent=True)
        self._on_verb()

    def _on_mintinline(self) -> None:
        self.tokens.option()
        self.tokens.group()
        self._on_verb()

    def _on_input(self) -> None:
        name = self.tokens.word()
        if name and len(self.document.includes) < 100:
            self.document.includes.append(name[:300])

    _on_include = _on_subfile = _on_import = _on_input

    def _on_newtheorem(self) -> None:
        name = self.tokens.word()
        self.tokens.option()
        self.document.theorems[name] = self.inline(self.tokens.group())[:100]
        self.tokens.option()

    def _on_multicolumn(self) -> None:
        columns = self.tokens.word()
        self.tokens.group()
        if self.tables:
            self.tables[-1].span(columns)

    def _on_multirow(self) -> None:
        for drop in (self.tokens.option, self.tokens.group, self.tokens.option, self.tokens.group, self.tokens.option):
            drop()

    def _on_cmidrule(self) -> None:
        token = self.tokens.next()
        if token is not None and not token.text.startswith("("):
            self.tokens.push([token])
            token = None
        # How the rule is trimmed, as in `(l{3pt}r)`.
        for _ in range(20):
            if token is None or ")" in token.text:
                break
            token = self.tokens.next()
        self.tokens.option()
        self.tokens.group()

    def _on_tnote(self) -> None:
        self.add(f" [{self.inline(self.tokens.group())}]")

    def _on_caption(self) -> None:
        self.tokens.option()
        self.caption(self.inline(self.tokens.group()))

    def _on_includegraphics(self) -> None:
        self.tokens.option()
        self.picture = self.tokens.raw_group()[:500]

    def _on_item(self) -> None:
        name = self.tokens.option()
        self.item(self.inline(name) if name else "")

    def _on_bibitem(self) -> None:
        self.tokens.option()
        self.item(f"[{self.tokens.word()}]")

    def _on_frametitle(self) -> None:
        self.flush()
        self.outline.heading(self.inline(self.tokens.group()), max(self.document.levels.values(), default=1) + 1)

    def _on_iffalse(self) -> None:
        self.tokens.until("\\fi")

    def _on_SI(self) -> None:  # the command's name
        self.tokens.option()
        self.add(self.inline(self.tokens.group()) + " " + self.inline(self.tokens.group()))

    _on_qty = _on_SI

    def _on_xspace(self) -> None:
        token = self.tokens.next()
        if token is not None:
            self.tokens.push([token])
            self.add(" " if token.text[0].isalnum() else "")
