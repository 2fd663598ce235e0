"""Comments on slides, of PowerPoint before 2021 and of today."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.office.docx_styles import child, local
from rage_assets.blocks.parsing.office.drawings import lines
from rage_assets.blocks.parsing.office.package import Package

if TYPE_CHECKING:
    from lxml.etree import _Element


class Comments:
    """The comments of a presentation, whose authors stand in a part of their own."""

    def __init__(self, package: Package, main: str) -> None:
        """Find the authors."""
        self._package = package
        self._authors: dict[str | None, str] = {}
        for kind in ("commentAuthors", "authors"):
            for part in package.related(main, kind):
                root = package.further(part)
                self._authors |= {each.get("id"): each.get("name", "") for each in (root if root is not None else ())}

    def of(self, slide: str) -> Iterator[tuple[str, str, str]]:
        """Author, time and text of the comments on a slide, each followed by its answers."""
        for part in self._package.related(slide, "comments"):
            root = self._package.further(part)
            for each in root.iter("{*}cm", "{*}reply") if root is not None else ():
                text = _text(each)
                if text:
                    yield self._authors.get(each.get("authorId"), ""), each.get("dt") or each.get("created") or "", text


def _text(comment: "_Element") -> str:
    plain = next((each.text or "" for each in comment if local(each) == "text"), "")
    return (plain or "\n".join(line.text for line in lines(child(comment, "txBody")))).strip()
