"""Sitemaps: lists of a site's addresses (sitemaps.org), in XML or plain text, packed or not, and lists of such lists."""

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

# What the standard allows a sitemap to have, unpacked.
_MOST_BYTES = 50 * 2**20
_MOST_ADDRESSES = 50_000


def read_sitemap(file: Path) -> Iterator[tuple[str, bool]]:
    """The addresses in a sitemap, and whether each is that of a further sitemap; what is broken ends it."""
    with file.open("rb") as raw:
        is_packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if is_packed else cast(IO[bytes], raw)
        try:
            data = stream.read(_MOST_BYTES)
        except (OSError, EOFError, zlib.error):
            return
    found = _of_xml(data) if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else _of_text(data)
    for count, entry in enumerate(found):
        if count >= _MOST_ADDRESSES:
            return
        yield entry


def _of_text(data: bytes) -> Iterator[tuple[str, bool]]:
    for line in data.decode("utf-8", "replace").splitlines():
        if line.strip().startswith(("http://", "https://")):
            yield line.strip(), False


def _of_xml(data: bytes) -> Iterator[tuple[str, bool]]:
    from lxml import etree

    entries = etree.iterparse(
        io.BytesIO(data),
        tag=("{*}url", "{*}sitemap"),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        recover=True,
    )
    try:
        for _, element in entries:
            location = next(element.iterchildren("{*}loc"), None)
            if location is not None and location.text:
                yield location.text.strip(), etree.QName(element).localname == "sitemap"
            element.clear()
            while element.getparent() is not None and element.getprevious() is not None:
                del element.getparent()[0]
    except etree.LxmlError:
        return
