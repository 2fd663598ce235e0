"""What a PDF holds beside its pages' text: comments, form fields, files."""

from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.outline import Outline

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage


def add_annotations(outline: Outline, page: "PdfPage") -> None:
    """Add the comments and the filled form fields of a page."""


def attach_files(outline: Outline, document: "PdfDocument") -> None:
    """Attach the files inside the document."""
