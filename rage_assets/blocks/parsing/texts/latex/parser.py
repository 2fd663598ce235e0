"""LaTeX documents."""

from typing import ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.texts.latex.document import Document
from rage_assets.blocks.parsing.texts.latex.reader import Reader
from rage_assets.blocks.parsing.texts.latex.tokens import Tokens


class LatexParser:
    """Reads LaTeX: words and structure without commands; formulas stay as they are written."""

    name = "latex"
    version = 3
    suffixes: ClassVar[dict[str, str]] = dict.fromkeys((".tex", ".latex", ".ltx"), "text/x-tex")

    def parse(self, content: Content) -> Outline:
        """Blocks with their lines, `[first, last]` counted from 1."""
        text = content.text
        document, outline = Document(text), Outline()
        reader = Reader(Tokens(text), document, outline)
        # A chapter of a larger work has no preamble.
        reader.body = not document.has_preamble
        reader.read()
        if document.includes and not outline.blocks:
            outline.paragraph("Includes: " + ", ".join(document.includes))
        elif document.includes:
            outline.blocks[0].metadata["includes"] = document.includes
        return outline
