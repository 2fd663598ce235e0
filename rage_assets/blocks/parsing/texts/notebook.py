"""Jupyter notebooks: what is written, the code, and what it printed."""

import json
import re
from typing import Any, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.texts.markdown import add_markdown
from resources.domain import BlockType
from resources.errors import ParseFailed

_MAX_ATTACHMENT = 50_000_000
_TERMINAL = re.compile(r"\x1b\[[0-9;?]{0,30}[A-Za-z]")
_MAGIC = re.compile(r"%%(\w{1,30})[^\n]{0,500}(?:\n|$)")
_MAGICS = {"bash": "bash", "sh": "bash", "html": "html", "javascript": "javascript", "js": "javascript",
           "sql": "sql", "R": "r", "latex": "latex", "markdown": "markdown", "perl": "perl", "ruby": "ruby",
           "writefile": "text"}  # fmt: skip


class NotebookParser:
    """Reads notebooks of format 4, and of format 3 with its worksheets."""

    name = "notebook"
    version = 3
    suffixes: ClassVar[dict[str, str]] = {".ipynb": "application/x-ipynb+json"}

    def parse(self, content: Content) -> Outline:
        """Markdown cells as Markdown, code cells and their outputs, with `cell` counted from 1."""
        try:
            notebook = json.loads(content.text)
        except json.JSONDecodeError as error:
            raise ParseFailed("broken", f"Not JSON: {error}") from None
        if not isinstance(notebook, dict):
            raise ParseFailed("broken", "A notebook is a JSON object.")
        outline = Outline()
        language = _language(_mapping(notebook, "metadata"))
        cells = [cell for sheet in notebook.get("worksheets") or [notebook] for cell in _entries(sheet, "cells")]
        for number, cell in enumerate(cells, start=1):
            before = len(outline.blocks)
            _add_cell(outline, cell, language)
            for block in outline.blocks[before:]:
                block.metadata = {key: value for key, value in block.metadata.items() if key != "lines"}
                block.metadata["cell"] = number
        title = _mapping(notebook, "metadata").get("title")
        first = next((block.text for block in outline.blocks if block.type is BlockType.HEADING), "")
        outline.title = title if isinstance(title, str) and title else first
        return outline


def _add_cell(outline: Outline, cell: dict[str, Any], language: str) -> None:
    source = _joined(cell.get("source", cell.get("input", "")))
    kind = cell.get("cell_type")
    if kind == "markdown":
        add_markdown(outline, source)
        for name, data in list(_mapping(cell, "attachments").items())[:100]:
            _attach(outline, name, data)
    elif kind == "heading":
        level = cell.get("level", 1)
        outline.heading(source, level if isinstance(level, int) else 1)
    elif kind == "raw":
        outline.add(BlockType.CODE, source, language="text", role="raw")
    else:
        magic = _MAGIC.match(source)
        own = _mapping(_mapping(cell, "metadata"), "vscode").get("languageId") or cell.get("language") or language
        outline.add(BlockType.CODE, source, language=_MAGICS.get(magic[1], str(own)) if magic else str(own))
        for output in _entries(cell, "outputs"):
            _add_output(outline, output)


def _add_output(outline: Outline, output: dict[str, Any]) -> None:
    """A result in the form that says most: tables of HTML, Markdown, text; of an error, its last word."""
    if output.get("output_type") in ("error", "pyerr"):
        text = f"{output.get('ename', '')}: {output.get('evalue', '')}".strip(": ")
        outline.add(BlockType.CODE, _shown(text), language="text", role="error")
        return
    data = _mapping(output, "data") or output
    page = _joined(data.get("text/html", data.get("html", "")))
    if "<table" in page:
        from rage_assets.blocks.parsing.web.html import fragment

        tables = [block for block in fragment(page).blocks if block.type is BlockType.TABLE]
        for block in tables:
            outline.add(BlockType.TABLE, block.text, **{**block.metadata, "role": "output"})
        if tables:
            return
    if isinstance(written := data.get("text/markdown"), str | list):
        before = len(outline.blocks)
        add_markdown(outline, _joined(written))
        for block in outline.blocks[before:]:
            block.metadata["role"] = "output"
        return
    text = _joined(data.get("text") or data.get("text/plain") or data.get("text/latex") or "")
    # An object without a form of its own says nothing but where it was.
    if not re.fullmatch(r"<[\w.]+(?: [^<>\n]*)? at 0x[0-9a-f]+>|<Figure size [^<>]*>", text.strip()[:500]):
        outline.add(BlockType.CODE, _shown(text), language="text", role="output")


def _shown(text: str) -> str:
    """What a terminal shows of printed text: no colours, and of a line that was written over and over its last form."""
    lines = _TERMINAL.sub("", text).split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def _attach(outline: Outline, name: str, data: Any) -> None:
    """A picture that was pasted into a cell."""
    import base64
    import binascii

    encoded = next((value for value in data.values() if isinstance(value, str)), "") if isinstance(data, dict) else ""
    if encoded and len(encoded) < _MAX_ATTACHMENT:
        try:
            outline.attach(name, base64.b64decode(encoded))
        except (binascii.Error, ValueError):
            return


def _language(metadata: dict[str, Any]) -> str:
    """The language of the notebook's code."""
    kernel = _mapping(metadata, "kernelspec").get("language")
    return str(kernel or _mapping(metadata, "language_info").get("name") or "python").lower()[:40]


def _mapping(value: Any, name: str) -> dict[str, Any]:
    """An entry that should be an object; an empty one where it is not."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _entries(value: Any, name: str) -> list[dict[str, Any]]:
    """The objects of an entry that should be a list of them."""
    found = value.get(name) if isinstance(value, dict) else None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _joined(lines: Any) -> str:
    return "".join(map(str, lines)) if isinstance(lines, list) else str(lines)
