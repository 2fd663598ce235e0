"""Small OpenDocument files, built in memory."""

from tests.parsing.small_files import zipped

_NAMES = "".join(
    f' xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{uri}:1.0"'
    for prefix, uri in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("style", "style"),
        ("presentation", "presentation"), ("svg", "svg-compatible"), ("meta", "meta"), ("chart", "chart"),
    )
) + ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'  # fmt: skip


def odf(body: str, kind: str = "text", styles: str = "", shared: str = "", meta: str = "", **parts: str | bytes) -> bytes:
    """An OpenDocument file.

    Args:
        body: What stands in its text, spreadsheet or presentation.
        kind: Which of these it is.
        styles: Its automatic styles.
        shared: What stands in `styles.xml`.
        meta: Its facts.
        **parts: Further parts; `__` stands for the folder's slash.
    """
    content = f"<office:automatic-styles>{styles}</office:automatic-styles>{_body(body, kind)}"
    files: dict[str, str | bytes] = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": f"<office:document-content{_NAMES}>{content}</office:document-content>",
        "styles.xml": f"<office:document-styles{_NAMES}>{shared}</office:document-styles>",
        "meta.xml": f"<office:document-meta{_NAMES}><office:meta>{meta}</office:meta></office:document-meta>",
    }
    return zipped(files | {name.replace("__", "/").replace("_xml", ".xml"): part for name, part in parts.items()})


def flat(body: str, kind: str = "text") -> str:
    """The same as one flat XML file."""
    return f'<?xml version="1.0"?><office:document{_NAMES}>{_body(body, kind)}</office:document>'


def part(xml: str) -> str:
    """A part that is an OpenDocument of its own."""
    return f"<office:document-content{_NAMES}>{xml}</office:document-content>"


def _body(body: str, kind: str) -> str:
    return f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
