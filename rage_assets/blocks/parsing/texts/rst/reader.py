"""Walks the tree that docutils makes of a document."""

from typing import Any

from docutils import nodes

from rage_assets.blocks.parsing.outline import Outline, squeeze
from rage_assets.blocks.parsing.pipe_table import pipe_table
from rage_assets.blocks.parsing.texts.list_items import ListItems
from resources.domain import BlockType

_SILENT = (nodes.comment, nodes.system_message, nodes.substitution_definition, nodes.target, nodes.transition, nodes.pending,
           nodes.raw, nodes.meta, nodes.decoration)  # fmt: skip
_ADMONITIONS = (nodes.note, nodes.tip, nodes.important, nodes.caution, nodes.warning, nodes.attention, nodes.danger,
                nodes.error, nodes.hint)  # fmt: skip
_LISTS = (nodes.bullet_list, nodes.enumerated_list, nodes.definition_list, nodes.field_list, nodes.option_list)


class Reader:
    """Adds the blocks of a tree to an outline; docutils itself bounds how deep a tree is."""

    def __init__(self, outline: Outline) -> None:
        """Begin without an open list."""
        self.outline = outline
        self.items = ListItems()
        self.role: str | None = None

    def read(self, tree: nodes.document) -> None:
        """Add everything."""
        self._all(tree, 0)
        first = next((block for block in self.outline.blocks if block.type is BlockType.HEADING), None)
        self.outline.title = first.text if first else ""

    def _all(self, parent: nodes.Element, level: int) -> None:
        for node in parent.children:
            if isinstance(node, nodes.Text):
                self._text(node.astext(), parent)
            elif not isinstance(node, _SILENT):
                self._node(node, level)

    def _node(self, node: nodes.Element, level: int) -> None:
        if isinstance(node, nodes.section):
            self._all(node, level + 1)
        elif isinstance(node, nodes.title) and not isinstance(node.parent, nodes.section):
            self._text(_plain(node), node)
        elif isinstance(node, nodes.title):
            self.outline.heading(_plain(node), level, lines=_lines(node))
        elif isinstance(node, _LISTS):
            self._list(node, level)
        elif isinstance(node, nodes.literal_block | nodes.doctest_block):
            self._code(node)
        elif isinstance(node, nodes.math_block):
            self._text(f"$${node.astext()}$$", node, role="formula")
        elif isinstance(node, nodes.table):
            self._table(node)
        elif isinstance(node, nodes.image):
            self._image(node)
        elif isinstance(node, nodes.line_block):
            self._text("\n".join(_plain(line) for line in node.findall(nodes.line)), node)
        elif isinstance(node, nodes.block_quote):
            self._within(node, level, "quote")
        elif isinstance(node, nodes.footnote | nodes.citation):
            self._note(node)
        elif isinstance(node, _ADMONITIONS):
            label = f"{node.tagname.capitalize()}:"
            if node.children and isinstance(node.children[0], nodes.paragraph):
                node.children[0].insert(0, nodes.Text(label + " "))
            else:
                self._text(label, node, role="admonition")
            self._within(node, level, "admonition")
        elif isinstance(node, nodes.TextElement):
            self._text(_plain(node), node)
        else:
            self._all(node, level)

    def _within(self, node: nodes.Element, level: int, role: str) -> None:
        before, self.role = self.role, role
        self._all(node, level)
        self.role = before

    def _text(self, text: str, node: nodes.Element, role: str | None = None) -> None:
        if self.items.depth:
            self.items.text(squeeze(text))
        else:
            self.outline.paragraph(text, role=role or self.role, lines=_lines(node))

    def _list(self, node: nodes.Element, level: int) -> None:
        outer = self.items.depth
        numbered = isinstance(node, nodes.enumerated_list)
        self.items.open(int(node.get("start", 1)) if numbered else None)
        for item in node.children:
            self.items.item()
            if isinstance(node, nodes.bullet_list | nodes.enumerated_list):
                self._all(item, level)
            else:
                self._described(item, level)
        if not outer:
            self.outline.add(BlockType.LIST, self.items.take(), lines=_lines(node))
        self.items.close()

    def _described(self, item: nodes.Element, level: int) -> None:
        """A term, a field or an option, then what it is."""
        body = (nodes.definition, nodes.field_body, nodes.description)
        names = [_plain(part) for part in item.children if isinstance(part, nodes.Element) and not isinstance(part, body)]
        parts = [part for part in item.children if isinstance(part, body)]
        name = " : ".join(name for name in names if name)
        first = parts[0].children[:1] if parts else []
        if first and isinstance(first[0], nodes.paragraph):
            self.items.text(squeeze(f"{name}: {_plain(first[0])}"))
            parts[0].remove(first[0])
        else:
            self.items.text(name)
        for part in parts:
            self._all(part, level)

    def _code(self, node: nodes.Element) -> None:
        text = node.astext()
        if self.items.depth:
            self.items.text(text)
            return
        classes = [name for name in node.get("classes", ()) if name not in ("code", "highlight")]
        language = node.get("language") or (classes[0] if classes else None)
        if isinstance(node, nodes.doctest_block):
            language = "python"
        self.outline.add(BlockType.CODE, text, language=str(language).lower()[:40] if language else None, lines=_lines(node))

    def _table(self, node: nodes.table) -> None:
        if self.items.depth:
            self.outline.add(BlockType.LIST, self.items.take(), lines=_lines(node))
        for title in node.findall(nodes.title):
            self.outline.paragraph(_plain(title), role="caption", lines=_lines(title))
        rows: list[list[str]] = []
        taken: set[tuple[int, int]] = set()
        for at, row in enumerate(node.findall(nodes.row)):
            cells: dict[int, str] = {}
            column = 0
            for entry in row.children:
                while (at, column) in taken:
                    column += 1
                cells[column] = " ".join(_plain(part) for part in entry.children if not isinstance(part, _SILENT))
                across, down = entry.get("morecols", 0) + 1, entry.get("morerows", 0) + 1
                taken.update((at + y, column + x) for y in range(down) for x in range(across))
                column += across
            rows.append([cells.get(place, "") for place in range(max(cells, default=-1) + 1)])
        self.outline.add(BlockType.TABLE, pipe_table(rows), lines=_lines(node))

    def _image(self, node: nodes.Element) -> None:
        text = node.get("alt", "")
        if self.items.depth:
            self.items.text(text)
        else:
            self.outline.add(BlockType.IMAGE, text, source=node.get("uri", "")[:500] or None, lines=_lines(node))

    def _note(self, node: nodes.Element) -> None:
        """A footnote stands by itself, wherever it is written."""
        label = _plain(node.children[0]) if node.children and isinstance(node.children[0], nodes.label) else ""
        text = " ".join(_plain(part) for part in node.children if not isinstance(part, nodes.label))
        self.outline.paragraph(f"[{label}] {text}" if label else text, role="footnote", lines=_lines(node))


def _plain(node: nodes.Node) -> str:
    """The text of a node as it reads, code in backticks, what lies in blocks on one line."""
    if isinstance(node, nodes.Text):
        return str(node.astext())
    if isinstance(node, nodes.literal):
        return f"`{node.astext()}`"
    if isinstance(node, nodes.math):
        return f"${node.astext()}$"
    if isinstance(node, nodes.image):
        return str(node.get("alt", ""))
    if isinstance(node, nodes.footnote_reference | nodes.citation_reference):
        return f"[{node.astext()}]"
    if isinstance(node, _SILENT) and not isinstance(node, nodes.target):
        return ""
    inline = isinstance(node, nodes.TextElement)
    text = ("" if inline else " ").join(_plain(child) for child in node.children)
    return text.replace("\n", " ") if inline else text


def _lines(node: nodes.Element) -> Any:
    """The lines of a node: from the first that is known in it as far as its text goes."""
    own = node.line or 1
    # Rows that came from values count from their own beginning.
    known = [found.line for found in node.findall(nodes.Element) if found.line is not None and found.line >= own]
    if not known:
        return None
    written = isinstance(node, nodes.paragraph | nodes.literal_block)
    first = min(known)
    return [first, max(*known, first, first + (node.rawsource or node.astext()).count("\n") * written)]
