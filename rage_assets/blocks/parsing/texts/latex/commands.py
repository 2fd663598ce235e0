"""The commands of LaTeX that do more than stand for characters; each has a method of its own."""

import re

from rage_assets.blocks.parsing.texts.latex.environments import Environments
from rage_assets.blocks.parsing.texts.latex.tokens import Token, tokenized
from rage_assets.blocks.parsing.texts.latex.units import unit
from resources.domain import BlockType

_LONGEST_FACT = 20_000  # tokens
_CALLED = re.compile(r"\bname\s*=\s*\{?([^{},]{1,100})")
_CODE_LANGUAGE = re.compile(r"language\s*=\s*\{?([\w+#-]{1,40})")
_SETTING = re.compile(r"\b(\w{1,40})\s*=\s*(?:\{((?:[^{}]|\{[^{}]{0,500}\}){0,5000})\}|([^,{}]{0,500}))")
_TERMS = (("name", "short"), ("description", "long"))
_MOST_TERMS = 2000
_FIELD = re.compile(r"from(?:name|address|phone|mobilephone|fax|email|url)|subject|title|place|date|signature|\w{2,8}ref")


class Commands(Environments):
    """What a command of some name does is done by the method of that name behind `_on_`."""

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

    def _on_declaretheorem(self) -> None:
        option = "".join(token.text for token in self.tokens.option() or ())
        name = self.tokens.word()
        called = _CALLED.search(option)
        self.document.theorems[name] = (called[1] if called else name.capitalize())[:100]

    def _on_lstnewenvironment(self) -> None:
        name = self.tokens.word()
        while self.tokens.option() is not None:
            pass
        found = _CODE_LANGUAGE.search(self.tokens.word())
        self.document.verbatim[name] = found[1] if found else ""
        self.tokens.group()

    def _on_newminted(self) -> None:
        option = "".join(token.text for token in self.tokens.option() or ())
        language = self.tokens.word()
        self.document.verbatim[option or f"{language}code"] = language
        self.tokens.group()

    def _on_DefineVerbatimEnvironment(self) -> None:
        self.document.verbatim[self.tokens.word()] = ""
        self.tokens.group()
        self.tokens.group()

    def _on_newtcblisting(self) -> None:
        self.tokens.option()
        self.document.verbatim[self.tokens.word()] = ""
        while self.tokens.option() is not None:
            pass
        self.tokens.group()

    def _on_newacronym(self) -> None:
        self.tokens.option()
        self.tokens.group()
        self._term(self.tokens.group(), self.tokens.group())

    def _on_newglossaryentry(self) -> None:
        self.tokens.group()
        given = "".join(token.text for token in self.tokens.group())
        settings = {found[1]: found[2] or found[3] or "" for found in _SETTING.finditer(given)}
        name, meaning = (settings.get(key) or settings.get(other, "") for key, other in _TERMS)
        self._term(tokenized(name), tokenized(meaning))

    _on_DeclareAcronym = _on_newglossaryentry

    def _term(self, name: list[Token], meaning: list[Token]) -> None:
        if len(self.document.glossary) < _MOST_TERMS:
            self.document.glossary.append(f"- {self.inline(name)}: {self.inline(meaning)}")

    def set_glossary(self) -> None:
        """Set the terms that were defined so far."""
        terms, self.document.glossary = self.document.glossary, []
        if terms:
            self.end_lists()
            self.outline.add(BlockType.LIST, "\n".join(terms), lines=self.lines())

    _on_printglossary = _on_printglossaries = _on_printacronyms = set_glossary

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

    def _on_subfloat(self) -> None:
        """The caption of a part of a figure, the second where one for the list of figures stands before it."""
        options = [self.tokens.option(), self.tokens.option()]
        given = [option for option in options if option is not None]
        if given and (text := self.inline(given[-1])):
            self.caption(text)

    _on_subfigure = _on_subtable = _on_subfloat

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
        self.tokens.skip_branch()

    def _on_SI(self) -> None:  # the command's name
        self._quantity(1)

    _on_qty = _on_SIlist = _on_qtylist = _on_SI

    def _on_SIrange(self) -> None:
        self._quantity(2)

    _on_qtyrange = _on_SIrange

    def _quantity(self, numbers: int) -> None:
        """Add a number or a range, and its unit."""
        self.tokens.option()
        shown = "–".join(self.inline(self.tokens.group()).replace(";", ", ") for _ in range(numbers))
        self.tokens.option()
        self.add(f"{shown} {unit(self.tokens.group())}")

    def _on_si(self) -> None:
        self.tokens.option()
        self.add(unit(self.tokens.group()))

    _on_unit = _on_si

    def _on_ang(self) -> None:
        self.tokens.option()
        parts = zip(self.inline(self.tokens.group()).split(";"), "°′″", strict=False)
        self.add("".join(part + sign for part, sign in parts if part.strip()))

    def _on_xspace(self) -> None:
        token = self.tokens.next()
        if token is not None:
            self.tokens.push([token])
            self.add(" " if token.text[0].isalnum() else "")
