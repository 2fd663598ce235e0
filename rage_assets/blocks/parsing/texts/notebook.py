"""Jupyter notebooks: what is written, the code, and what it printed."""

import json
from typing import Any, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.texts.markdown import add_markdown
from resources.domain import BlockType
from resources.errors import ParseFailed

_MAX_OUTPUT = 5000


class NotebookParser:
    """Reads notebooks of format 4."""

    name = "notebook"
    version = 1
    suffixes: ClassVar[dict[str, str]] = {".ipynb": "application/x-ipynb+json"}

    def parse(self, content: Content) -> Outline:
        """Markdown cells as Markdown, code cells and their printed text as code, with `cell` counted from 1."""
        try:
            notebook = json.loads(content.text)
        except json.JSONDecodeError as error:
            raise ParseFailed("broken", f"Not JSON: {error}") from None
        language = notebook.get("metadata", {}).get("kernelspec", {}).get("language", "python")
        outline = Outline()
        for number, cell in enumerate(notebook["cells"], start=1):
            before = len(outline.blocks)
            source = _joined(cell.get("source", ""))
            if cell.get("cell_type") == "markdown":
                add_markdown(outline, source)
            else:
                outline.add(BlockType.CODE, source, language=language)
                for output in cell.get("outputs", []):
                    text = _joined(output.get("text") or output.get("data", {}).get("text/plain", ""))
                    outline.add(BlockType.CODE, text[:_MAX_OUTPUT], language="text", role="output")
            for block in outline.blocks[before:]:
                block.metadata = {key: value for key, value in block.metadata.items() if key != "lines"}
                block.metadata["cell"] = number
        outline.title = next((block.text for block in outline.blocks if block.type is BlockType.HEADING), "")
        return outline


def _joined(lines: Any) -> str:
    return "".join(lines) if isinstance(lines, list) else str(lines)
