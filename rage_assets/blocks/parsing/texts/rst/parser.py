"""reStructuredText documents."""

from typing import TYPE_CHECKING, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.texts.plain_text import add_text
from rage_assets.blocks.parsing.texts.rst.tolerance import tolerate

if TYPE_CHECKING:
    from docutils.nodes import document

# docutils takes seconds for each megabyte, and more for lines that are very long.
_LARGEST = 500_000
_LONGEST_LINE = 10_000
_SETTINGS = {
    "file_insertion_enabled": False, "raw_enabled": False, "halt_level": 5, "report_level": 5, "_disable_config": True,
    "doctitle_xform": False, "docinfo_xform": False, "sectsubtitle_xform": False, "syntax_highlight": "none",
    "smart_quotes": False, "line_length_limit": _LONGEST_LINE, "warning_stream": False, "input_encoding": "unicode",
    "strip_comments": True, "language_code": "en", "pep_references": False, "rfc_references": False, "math_output": "latex",
}  # fmt: skip


class RstParser:
    """Reads reStructuredText with docutils; directives of Sphinx are read for their content."""

    name = "rst"
    version = 2
    suffixes: ClassVar[dict[str, str]] = dict.fromkeys((".rst", ".rest"), "text/x-rst")

    def parse(self, content: Content) -> Outline:
        """Blocks with their lines, `[first, last]` counted from 1, where docutils knows them."""
        from rage_assets.blocks.parsing.texts.rst.messages import restore
        from rage_assets.blocks.parsing.texts.rst.reader import Reader

        text = content.text
        outline = Outline()
        tree = _tree(text)
        if tree is None:
            add_text(outline, enumerate(text.split("\n"), start=1))
        else:
            restore(tree)
            Reader(outline).read(tree)
        return outline


def _tree(text: str) -> "document | None":
    """The document as docutils sees it; None where that would take too long."""
    from docutils.core import publish_doctree

    if len(text) > _LARGEST or any(len(line) > _LONGEST_LINE for line in text.split("\n")):
        return None
    tolerate(text)
    try:
        return publish_doctree(text, settings_overrides=_SETTINGS)
    except RecursionError:
        return None
