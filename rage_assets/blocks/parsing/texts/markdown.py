"""Markdown with GitHub's tables and a front matter."""

import re
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pipe_table import pipe_table
from rage_assets.blocks.parsing.texts.list_items import ListItems
from rage_assets.blocks.parsing.texts.markdown_dialects import (
    alert,
    definitions,
    footnotes,
    heading_words,
    plain_markdown,
    plain_words,
)
from rage_assets.blocks.parsing.texts.markdown_html import with_whole_tables
from resources.domain import BlockType
from resources.plain_yaml import PlainYamlError, load_plain_yaml

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

_LONGEST_INLINE = 20_000
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TOML = re.compile(r"\A\+\+\+[ \t]*\n(.*?\n)?\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


class MarkdownParser:
    """Reads Markdown with markdown-it: text without syntax, so that words are found and read as they are meant."""

    name = "markdown"
    version = 3
    suffixes: ClassVar[dict[str, str]] = dict.fromkeys(
        (".md", ".markdown", ".mdown", ".mkd", ".mdx", ".qmd", ".rmd"), "text/markdown"
    )

    def parse(self, content: Content) -> Outline:
        """Blocks with their lines, `[first, last]` counted from 1."""
        outline = Outline()
        matter, body, skipped = split_front_matter(content.text)
        add_markdown(outline, body, skipped, components=content.suffix == ".mdx")
        title = matter.get("title")
        headings = (block for block in outline.blocks if block.type is BlockType.HEADING)
        first = next((block.text for block in headings if block.metadata["level"] == 1), "")
        outline.title = title if isinstance(title, str) else first
        if matter and outline.blocks:
            outline.blocks[0].metadata["front_matter"] = matter
        elif matter:
            outline.paragraph("\n".join(f"{key}: {value}" for key, value in matter.items()))
        return outline


def split_front_matter(text: str) -> tuple[dict[str, Any], str, int]:
    """The front matter, the text after it, and how many lines it took.

    Only plain values and flat lists of them are kept: YAML's references could make a small file huge.
    """
    head = text[:100_000]
    found = _FRONT_MATTER.match(head) or _TOML.match(head)
    if not found:
        return {}, text, 0
    try:
        loaded = tomllib.loads(found[1] or "") if head[0] == "+" else load_plain_yaml(found[1] or "")
    except (PlainYamlError, tomllib.TOMLDecodeError, RecursionError):
        return {}, text, 0
    if not isinstance(loaded, dict):
        return {}, text, 0
    matter: dict[str, Any] = {}
    for key, value in list(loaded.items())[:100]:
        if isinstance(value, list):
            items = [str(item) for item in value[:100] if not isinstance(item, dict | list | set)]
            matter[str(key)] = items
        elif value is not None and not isinstance(value, dict | set):
            matter[str(key)] = value if isinstance(value, str | bool | int) else str(value)
    return matter, text[found.end() :], found[0].count("\n")


def add_markdown(outline: Outline, text: str, skipped_lines: int = 0, *, components: bool = False) -> None:
    """Add the blocks of Markdown text to an outline; `components` says that it may hold those of MDX."""
    tokens = _markdown_it().parse(plain_markdown(text, components=components))
    _Reader(outline, skipped_lines).read(list(with_whole_tables(tokens, _markdown_it())))


@cache
def _markdown_it() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
    markdown.core.ruler.at("inline", _inline_rule)
    return markdown


def _inline_rule(state: "StateCore") -> None:
    """markdown-it's own rule, but for long runs of text: its time grows with the square of theirs."""
    from markdown_it.token import Token

    for token in state.tokens:
        if token.type != "inline":
            continue
        token.children = token.children or []
        if len(token.content) > _LONGEST_INLINE:
            token.children.append(Token("text", "", 0, content=token.content))
        else:
            state.md.inline.parse(token.content, state.md, state.env, token.children)


class _Reader:
    """Walks markdown-it's flat list of tokens, so that no nesting of the document is a recursion here."""

    def __init__(self, outline: Outline, skipped_lines: int) -> None:
        self.outline = outline
        self.skipped = skipped_lines
        self.rows: list[list[str]] | None = None
        self.items = ListItems()
        self.quotes = 0

    def read(self, tokens: "list[Token]") -> None:
        list_lines: dict[str, Any] = {}
        for at, token in enumerate(tokens):
            kind, lines = token.type, self._lines(token)
            if kind in ("bullet_list_open", "ordered_list_open"):
                if not self.items.depth:
                    list_lines = lines
                start = token.attrGet("start")
                self.items.open(int(1 if start is None else start) if kind[0] == "o" else None)
            elif kind in ("bullet_list_close", "ordered_list_close"):
                self.items.close()
                if not self.items.depth:
                    self.outline.add(BlockType.LIST, self.items.take(), **list_lines)
            elif kind == "list_item_open":
                self.items.item()
            elif kind in ("blockquote_open", "blockquote_close"):
                self.quotes += 1 if kind == "blockquote_open" else -1
            elif kind in ("fence", "code_block"):
                self._code(token, lines)
            elif kind == "html_block":
                self._html(token, lines)
            elif kind == "table_open":
                self.rows, table_lines = [], lines
            elif kind == "tr_open" and self.rows is not None:
                self.rows.append([])
            elif kind == "table_close" and self.rows is not None:
                table, self.rows = pipe_table(self.rows), None
                if self.items.depth:
                    self.items.text(table)
                else:
                    self.outline.add(BlockType.TABLE, table, **table_lines)
            elif kind == "inline":
                self._inline(token, tokens[at - 1], lines)

    def _inline(self, token: "Token", opener: "Token", lines: dict[str, Any]) -> None:
        text = inline_text(token)
        if self.rows is not None:
            self.rows[-1].append(text)
        elif self.items.depth:
            self.items.text(text)
        elif opener.type == "heading_open":
            self.outline.heading(heading_words(text), int(opener.tag[1]), **lines)
        elif all(child.type == "image" for child in token.children or ()):
            sources = [str(child.attrGet("src")) for child in token.children or ()]
            self.outline.add(BlockType.IMAGE, text, source=", ".join(sources)[:500], **lines)
        elif token.content.startswith("$$") and token.content.endswith("$$"):
            self.outline.paragraph(token.content, role="formula", **lines)
        else:
            self._paragraph(token, text, lines)

    def _paragraph(self, token: "Token", text: str, lines: dict[str, Any]) -> None:
        by_line = inline_text(token, "\n") if "\n" in token.content or text.startswith("[") else text
        notes = footnotes(by_line) if token.content.startswith("\\[^") else []
        for note in notes:
            self.outline.paragraph(note, role="footnote", **lines)
        if notes:
            return
        if items := definitions(by_line):
            self.outline.add(BlockType.LIST, items, **lines)
        elif self.quotes and (admonition := alert(text)):
            self.outline.paragraph(admonition, role="admonition", **lines)
        else:
            self.outline.paragraph(text, role="quote" if self.quotes else None, **lines)

    def _code(self, token: "Token", lines: dict[str, Any]) -> None:
        if self.items.depth:
            self.items.text(token.content)
        else:
            language = token.info.split()[0].strip("{}.").lower()[:40] if token.info.strip() else None
            self.outline.add(BlockType.CODE, token.content, language=language, **lines)

    def _html(self, token: "Token", lines: dict[str, Any]) -> None:
        from rage_assets.blocks.parsing.web.html import fragment

        inner = fragment(token.content)
        if self.items.depth:
            self.items.text("\n".join(block.text for block in inner.blocks))
            return
        for block in inner.blocks:
            if block.type is BlockType.HEADING:
                self.outline.heading(block.text, block.metadata["level"], **lines)
            else:
                self.outline.add(block.type, block.text, language=block.language, **{**block.metadata, **lines})

    def _lines(self, token: "Token") -> dict[str, Any]:
        if not token.map:
            return {}
        first, end = token.map
        return {"lines": [first + 1 + self.skipped, max(end, first + 1) + self.skipped]}


def inline_text(token: "Token", soft_break: str = " ") -> str:
    """The text of an inline token: no emphasis and link targets, code in backticks, an image as its alternative."""
    parts: list[str] = []
    for child in token.children or ():
        if child.type in ("text", "text_special"):
            parts.append(plain_words(child.content))
        elif child.type == "code_inline":
            parts.append(f"`{child.content}`")
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(soft_break if child.type == "softbreak" else "\n")
        elif child.type == "image":
            parts.append(inline_text(child))
        elif child.type == "html_inline" and _BREAK.fullmatch(child.content):
            parts.append("\n")
    return "".join(parts).strip()
