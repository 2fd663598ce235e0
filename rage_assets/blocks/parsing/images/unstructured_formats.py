"""Formats that only `unstructured` reads, where what it needs for them is installed."""

import io
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.web.html import fragment
from resources.domain import BlockType
from resources.errors import ParseFailed

# Each media type with the module of `unstructured` and the Python packages which that imports.
_READERS = {
    "image/heic": ("image", ("pi_heif", "unstructured_inference")),
}
# Without it, `unstructured` would fetch the model from the network in the middle of a parse.
_SENTENCE_MODEL = "en_core_web_sm"
_KINDS = {"Title": BlockType.HEADING, "ListItem": BlockType.LIST, "Table": BlockType.TABLE}


class UnstructuredParser:
    """Reads further formats with `unstructured`; says what is missing where it cannot."""

    name = "unstructured"
    version = 1
    suffixes: ClassVar[dict[str, str]] = dict(zip((".heic",), _READERS, strict=True))

    def parse(self, content: Content) -> Outline:
        """Blocks as `unstructured` sees them."""
        name, packages = _READERS[content.media_type]
        missing = [package for package in (*packages, _SENTENCE_MODEL) if find_spec(package) is None]
        if missing:
            raise ParseFailed(
                "unsupported_format",
                f"Reading {content.media_type} needs what is not installed: {', '.join(missing)}.",
                hint=f"Install unstructured[{name}] and the spaCy model {_SENTENCE_MODEL}.",
            )
        partition = getattr(import_module(f"unstructured.partition.{name}"), f"partition_{name}")
        outline = Outline()
        for element in partition(file=io.BytesIO(content.data), languages=[""], metadata_filename=content.name):
            _add(outline, element)
        return outline


def _add(outline: Outline, element: Any) -> None:
    kind = _KINDS.get(element.category, BlockType.PARAGRAPH)
    outline.page = element.metadata.page_number
    table = element.metadata.text_as_html
    if kind is BlockType.HEADING:
        outline.heading(element.text, (element.metadata.category_depth or 0) + 1)
    elif kind is BlockType.TABLE and table:
        outline.extend(fragment(table))
    else:
        outline.add(kind, f"- {element.text}" if kind is BlockType.LIST else element.text)
