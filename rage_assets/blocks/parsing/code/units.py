"""Code by its grammar: functions, classes and methods, and what lies between them."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from rage_assets.blocks.parsing.code import grammars
from rage_assets.blocks.parsing.code.margins import assigned_name, defined_name, units_at_margins
from rage_assets.blocks.parsing.code.names import docstring_of, name_of, signature_of
from rage_assets.blocks.parsing.code.values import bound_name, called_body, function_value

if TYPE_CHECKING:
    from tree_sitter import Node, Tree
    from tree_sitter_language_pack import SupportedLanguage

_MOST_BYTES = 2_000_000
_MOST_SECONDS = 5.0
_PIECE = 65536
_DEEPEST_INDENT = 1000
_LARGE = 40  # lines; a class beyond this becomes its head and its methods
_LONG = 80  # lines; what lies between units is parted beyond this
_DEPTH = 12
_WRAPPED = 5
# What ends the unit above, and what only opens the one below.
_CLOSERS = re.compile(r"(?:[^\w#]*|#\s*end\w*\b.*|@?end[;.]?|esac)", re.IGNORECASE)
_OPENERS = re.compile(r"(?:(?:public|private|protected|signals|slots|internal|fileprivate)[\w ]*:?|#\s*(?:if|el|else).*)")

_OCTAVE_COMMENT = re.compile(rb"(?m)(?:^|(?<=[ \t]))#")
_OCTAVE_END = re.compile(rb"\bend(?:function|if|for|while|switch|parfor|_try_catch|_unwind_protect)\b")


@dataclass
class Unit:
    """A run of lines that stands for itself.

    Attributes:
        first: Its first line, counted from 0.
        last: Its last line.
        symbol: The qualified name that it defines; None for what lies between units.
        section: Where it stands: the names of its classes and its own.
        signature: Its head on one line.
        docstring: The first lines of what it says about itself.
    """

    first: int
    last: int
    symbol: str | None = None
    section: list[str] = field(default_factory=list)
    signature: str | None = None
    docstring: str | None = None


@dataclass
class _Found:
    first: int
    last: int
    outer: "Node"
    core: "Node"
    leads: "list[Node]"
    name: str | None


def units(text: str, language: str) -> list[Unit] | None:
    """The units of a file; None where its language has no grammar, or it cannot be read with it in bounded time."""
    grammar = grammars.grammar_of(language)
    if grammar is None:
        return None
    data = _in_its_dialect(text.encode("utf-8", "replace"), grammar)
    tree = _tree(data, grammar)
    if tree is None:
        return None
    lines = text.split("\n")
    reader = _Reader(lines, grammar)
    found = list(reader.level(reader.members(tree.root_node), 0, len(lines) - 1, []))
    # Of a dialect that the grammar does not understand, the margins say more.
    return None if tree.root_node.has_error and not any(unit.symbol for unit in found) else found


def _in_its_dialect(data: bytes, grammar: str) -> bytes:
    """Octave's comments and ends as MATLAB has them; every sign stays where it is."""
    if grammar != "matlab":
        return data
    return _OCTAVE_END.sub(lambda end: b"end".ljust(len(end[0])), _OCTAVE_COMMENT.sub(b"%", data))


def _tree(data: bytes, grammar: str) -> "Tree | None":
    from tree_sitter_language_pack import get_parser

    if len(data) > _MOST_BYTES or re.search(rb"^[ \t]{%d}" % _DEEPEST_INDENT, data, re.MULTILINE):
        return None
    end = time.monotonic() + _MOST_SECONDS
    try:
        parser = get_parser(cast("SupportedLanguage", grammar))
        # The callback is heard only where the source is read in pieces.
        return parser.parse(
            lambda offset, _: data[offset : offset + _PIECE], progress_callback=lambda *_: time.monotonic() > end
        )
    except (ValueError, LookupError, OSError):
        return None


class _Reader:
    def __init__(self, lines: list[str], grammar: str) -> None:
        self.lines = lines
        self.grammar = grammar

    def members(self, node: "Node", depth: int = 0) -> "Iterator[Node]":
        """The children of a node, those of transparent ones in their place."""
        for child in node.named_children:
            if depth < _DEPTH and (child.type in grammars.TRANSPARENT or child.type == "ERROR") and not self._is_unit(child):
                yield from self.members(child, depth + 1)
            elif depth < _DEPTH and self.grammar in grammars.SCRIPTS and (body := called_body(child)) is not None:
                yield from self.members(body, depth + 1)
            else:
                yield child

    def level(self, nodes: "Iterator[Node]", first: int, last: int, path: list[str]) -> Iterator[Unit]:
        """The units of the lines from `first` to `last`, and what lies between them."""
        at = first
        found = self._joined(list(self._found(list(nodes), first, last)), last)
        for each in found:
            yield from self._between(at, each.first - 1, path)
            yield from self._unit(each, path)
            at = each.last + 1
        yield from self._between(at, last, path)

    def _found(self, nodes: "list[Node]", first: int, last: int) -> Iterator[_Found]:
        free = first
        for at, node in enumerate(nodes):
            core, bound = self._core(node)
            if core is None:
                continue
            leads = self._leads(nodes, at, free)
            start = max(leads[0].start_point[0] if leads else node.start_point[0], free)
            end = _last_row(node)
            if at + 1 < len(nodes) and nodes[at + 1].type in grammars.BODIES_APART and not self._is_unit(nodes[at + 1]):
                end = _last_row(nodes[at + 1])
            if core.type == "from_instruction":
                end = self._stage_end(nodes, at, last)
            end = min(end, last)
            if start > end or (core.type in grammars.LOOSE and end == node.start_point[0]):
                continue
            name = bound_name(bound) if bound is not None else name_of(core, self.grammar)
            yield _Found(start, end, node, core, leads, name)
            free = end + 1

    def _stage_end(self, nodes: "list[Node]", at: int, last: int) -> int:
        """Where a stage of a Dockerfile ends: before the next one and the comments above it."""
        after = next((n for n in range(at + 1, len(nodes)) if nodes[n].type == "from_instruction"), None)
        if after is None:
            return last
        leads = self._leads(nodes, after, 0)
        return int((leads[0] if leads else nodes[after]).start_point[0]) - 1

    def _joined(self, found: list[_Found], last: int) -> list[_Found]:
        """Equations of one function together; what only closes with the unit above, what only opens with the one below."""
        joined: list[_Found] = []
        for each in found:
            above = joined[-1] if joined else None
            if above and self.grammar in grammars.EQUATIONS and above.name == each.name and each.first == above.last + 1:
                above.last = each.last
                if above.core.type in grammars.SIGNATURES:
                    above.core = each.core
                continue
            if above:
                self._close(above, each.first - 1)
                while each.first - 1 > above.last and _OPENERS.fullmatch(self.lines[each.first - 1].strip()):
                    each.first -= 1
            joined.append(each)
        if joined:
            self._close(joined[-1], last)
        return joined

    def _close(self, unit: _Found, last: int) -> None:
        while unit.last < last and _CLOSERS.fullmatch(self.lines[unit.last + 1].strip()):
            unit.last += 1

    def _unit(self, found: _Found, path: list[str]) -> Iterator[Unit]:
        whole = found.core.type in ("rule", "rule_set", "media_statement", "from_instruction")
        names = [name for name in [*path, *([found.name or ""] if whole else (found.name or "").split("."))] if name]
        unit = Unit(
            found.first, found.last, ".".join(names) or None, names,
            signature_of(found.outer, found.core, self.grammar), docstring_of(found.core, found.leads, self.grammar),
        )  # fmt: skip
        container = found.core.type in grammars.CONTAINERS or self._word(found.core) == "defmodule"
        if not container or found.last - found.first < _LARGE or len(path) > _DEPTH:
            yield unit
            return
        parts = list(self.level(self._inner(found.core), found.first, found.last, names))
        if len(parts) > 1 and parts[0].symbol is None:
            parts[0].symbol, parts[0].section = unit.symbol, names
            parts[0].signature, parts[0].docstring = unit.signature, unit.docstring
        yield from parts if len(parts) > 1 else [unit]

    def _inner(self, core: "Node") -> "Iterator[Node]":
        """The members of a class, wherever its grammar keeps them."""
        for child in self.members(core):
            if child.start_point[0] >= core.start_point[0]:
                yield child

    def _between(self, first: int, last: int, path: list[str]) -> Iterator[Unit]:
        while first <= last and not self.lines[first].strip():
            first += 1
        while last >= first and not self.lines[last].strip():
            last -= 1
        if first > last:
            return
        run = self.lines[first : last + 1]
        parts = _long_parts(run) if len(run) > _LONG else [(0, len(run))]
        for start, end in parts:
            text = "\n".join(run[start:end])
            # The first lines of a file need no name; others keep theirs when something is put above them.
            name = None if first + start == 0 else assigned_name(text) or defined_name(text)
            yield Unit(first + start, first + end - 1, None, [*path, name] if name else list(path))

    def _leads(self, nodes: "list[Node]", at: int, free: int) -> "list[Node]":
        """Comments and attributes right above a node, each on lines of its own."""
        leads: list[Node] = []
        start = nodes[at].start_point[0]
        for node in reversed(nodes[max(0, at - 200) : at]):
            row, column = node.start_point
            alone = not self.lines[row][:column].strip() if row < len(self.lines) else False
            lead = "comment" in node.type or node.type in grammars.LEADS
            if not lead or not alone or row < free or _last_row(node) < start - 1:
                break
            if node.type == "string_literal" and self.grammar != "julia":
                break
            leads.insert(0, node)
            start = row
        return leads

    def _core(self, node: "Node", depth: int = 0) -> "tuple[Node | None, Node | None]":
        """The unit that a node is or wraps, and what binds a name to it where that is no part of it."""
        kind = node.type
        if kind in grammars.BINDINGS:
            return function_value(node)
        if kind in grammars.WRAPPERS and depth < _WRAPPED and node.child_by_field_name("declarator") is None:
            for child in node.named_children[:12]:
                core, bound = self._core(child, depth + 1)
                if core is not None:
                    return core, bound
        return (node if self._is_unit(node) else None), None

    def _is_unit(self, node: "Node") -> bool:
        kind = node.type
        if self.grammar in grammars.LISPS and kind in ("list", "list_lit"):
            return name_of(node, self.grammar) is not None
        if self.grammar == "elixir" and kind == "call":
            return self._word(node).startswith("def") and self._word(node) != "defstruct"
        if kind in grammars.SIGNATURES:
            return self.grammar in grammars.EQUATIONS
        if kind in _OWN_MEANING and self.grammar not in _OWN_MEANING[kind]:
            return False
        if kind in ("struct_specifier", "union_specifier", "class_specifier", "enum_specifier"):
            return node.child_by_field_name("body") is not None
        return any(kind in names for names in (grammars.FUNCTIONS, grammars.CONTAINERS, grammars.TYPES))

    def _word(self, node: "Node") -> str:
        """The word that a call of Elixir begins with."""
        if self.grammar != "elixir" or node.type != "call" or not node.named_children:
            return ""
        return (node.named_children[0].text or b"")[:40].decode("utf-8", "replace")


# Words that mean a unit in some grammars only.
_OWN_MEANING = {
    "module": ("ruby", "typescript", "tsx", "fortran"),
    "block": ("terraform", "hcl"),
    "function": ("haskell", "purescript", "fortran", "gleam", "scss"),
    "rule": ("make",),
    "class": ("ruby", "haskell", "purescript"),
    "program": ("fortran",),
    "function_body": ("vhdl",),
    "procedure_body": ("vhdl",),
    "object_declaration": ("kotlin",),
    "package_declaration": ("vhdl", "ada"),
    "module_declaration": ("verilog",),
    "namespace": (),
}


def _last_row(node: "Node") -> int:
    row, column = node.end_point
    return int(row - 1 if column == 0 and row > node.start_point[0] else row)


def _long_parts(lines: list[str]) -> list[tuple[int, int]]:
    """A long run of statements at its blank lines, in parts of some forty lines; what is around it may have indented it."""
    margin = min((len(line) - len(line.lstrip()) for line in lines[1:-1] if line.strip()), default=0)
    lines = [line[margin:] if line[:margin].isspace() else line for line in lines]
    parts: list[tuple[int, int]] = []
    for first, end in units_at_margins(lines):
        if parts and end - parts[-1][0] <= _LARGE:
            parts[-1] = parts[-1][0], end
        else:
            parts.append((first, end))
    return parts
