"""What a PDF holds beside its pages' text: comments, form fields, files."""

import ctypes
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.pdf.characters import page_frame

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

_MAX_ANNOTATIONS = 5000
_MAX_FILES = 1000
_MAX_FILE = 256 * 2**20
_PUSH_BUTTON, _CHECK_BOX, _RADIO_BUTTON = 1, 2, 3


def add_annotations(outline: Outline, page: "PdfPage") -> None:
    """Add the filled form fields and the comments of a page."""
    import pypdfium2.raw as pdfium

    count = min(pdfium.FPDFPage_GetAnnotCount(page.raw), _MAX_ANNOTATIONS)
    if count <= 0:
        return
    form = page.formenv.raw if page.formenv else None
    seen: set[str] = set()
    for at in range(count):
        raw = pdfium.FPDFPage_GetAnnot(page.raw, at)
        if not raw:
            continue
        try:
            kind = pdfium.FPDFAnnot_GetSubtype(raw)
            if kind == pdfium.FPDF_ANNOT_WIDGET:
                if form is not None and (text := _field(pdfium, form, raw)) and text not in seen:
                    seen.add(text)
                    outline.paragraph(text, role="field", bbox=_box(pdfium, page, raw))
            elif kind == pdfium.FPDF_ANNOT_FILEATTACHMENT:
                _attach(pdfium, outline, pdfium.FPDFAnnot_GetFileAttachment(raw))
            elif kind not in (pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_POPUP):
                author = _string(pdfium, raw, b"T").strip() or None
                text = _string(pdfium, raw, b"Contents")
                outline.paragraph(text, role="comment", author=author, bbox=_box(pdfium, page, raw))
        finally:
            pdfium.FPDFPage_CloseAnnot(raw)


def attach_files(outline: Outline, document: "PdfDocument") -> None:
    """Attach the files inside the document."""
    import pypdfium2.raw as pdfium

    for at in range(min(pdfium.FPDFDoc_GetAttachmentCount(document.raw), _MAX_FILES)):
        _attach(pdfium, outline, pdfium.FPDFDoc_GetAttachment(document.raw, at))


def _attach(pdfium: Any, outline: Outline, raw: Any) -> None:
    """Attach one file, unless its data are missing or beyond measure."""
    size = ctypes.c_ulong()
    if not raw or not pdfium.FPDFAttachment_GetFile(raw, None, 0, size) or not 0 < size.value <= _MAX_FILE:
        return
    buffer = ctypes.create_string_buffer(size.value)
    if pdfium.FPDFAttachment_GetFile(raw, buffer, size.value, size):
        name = _read(pdfium, lambda *space: pdfium.FPDFAttachment_GetName(raw, *space))
        outline.attach(name, buffer.raw[: size.value])


def _field(pdfium: Any, form: Any, raw: Any) -> str:
    """A form field as `name: value`; empty where it has no value."""
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, raw)
    if kind == _PUSH_BUTTON:
        return ""
    name = _read(pdfium, lambda *space: pdfium.FPDFAnnot_GetFormFieldAlternateName(form, raw, *space))
    name = name or _read(pdfium, lambda *space: pdfium.FPDFAnnot_GetFormFieldName(form, raw, *space))
    if kind in (_CHECK_BOX, _RADIO_BUTTON):
        if not pdfium.FPDFAnnot_IsChecked(form, raw):
            return ""
        value = _read(pdfium, lambda *space: pdfium.FPDFAnnot_GetFormFieldExportValue(form, raw, *space))
    else:
        value = ", ".join(_chosen(pdfium, form, raw))
        value = value or _read(pdfium, lambda *space: pdfium.FPDFAnnot_GetFormFieldValue(form, raw, *space))
    return f"{name}: {value}" if name.strip() and value.strip() else value.strip()


def _chosen(pdfium: Any, form: Any, raw: Any) -> Iterator[str]:
    """The labels of the chosen options of a list."""
    for at in range(max(0, min(pdfium.FPDFAnnot_GetOptionCount(form, raw), 1000))):
        if pdfium.FPDFAnnot_IsOptionSelected(form, raw, at):
            yield _read(pdfium, lambda *space, at=at: pdfium.FPDFAnnot_GetOptionLabel(form, raw, at, *space))


def _string(pdfium: Any, raw: Any, key: bytes) -> str:
    return _read(pdfium, lambda *space: pdfium.FPDFAnnot_GetStringValue(raw, key, *space))


def _read(pdfium: Any, read: Callable[..., int]) -> str:
    """A string that PDFium gives in UTF-16, asked for its length first."""
    length = read(None, 0)
    if not 2 < length < 2**22:
        return ""
    buffer = ctypes.create_string_buffer(length)
    read(ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), length)
    return buffer.raw[:length].decode("utf-16-le", "replace").rstrip("\0")


def _box(pdfium: Any, page: "PdfPage", raw: Any) -> list[float] | None:
    rect = pdfium.FS_RECTF()
    if not pdfium.FPDFAnnot_GetRect(raw, rect):
        return None
    frame = page_frame(page)
    return frame.shown(*frame.box(rect.left, min(rect.bottom, rect.top), rect.right, max(rect.bottom, rect.top)))
