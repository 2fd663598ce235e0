"""What a unit of code is called, how it is called, and what its author says about it."""

import re
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.code.grammars import LISPS

if TYPE_CHECKING:
    from tree_sitter import Node

LONGEST_NAME = 120
_LONGEST_SIGNATURE = 300
_LONGEST_DOC = 500
_DOC_LINES = 6
_NAME_TYPES = re.compile(r"(?:^|_)(?:identifier|name|constant|symbol|word|key|alias|ident|bareword|IDENTIFIER|sym_lit)$")
_BODY_TYPES = re.compile(r"(?:body|block|compound_statement|declaration_list|field_list|^fields|_block|structure|Block)$")
SEPARATORS = re.compile(r"::|->|[:/\\]")
_GENERICS = re.compile(r"<[^<>]{0,200}>|\[[^\[\]]{0,200}\]")
_MARKERS = re.compile(r"^[ \t]*(?:/\*+!?|\*+/|\*(?=\s|$)|//+[/!]?|#+:?|--+[ \t]?\|?|;+|%+|\(\*+|\"(?!\"))[ \t]?")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_ANNOTATION = re.compile(r"^(?:@[\w.]+(?:\([^()]{0,500}\))?|\[[^\[\]]{0,500}\]|#\[[^\[\]]{0,500}\])\s*")


def text_of(node: "Node") -> str:
    """The source of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def name_of(node: "Node", grammar: str) -> str | None:
    """The name that a unit defines, with its owner's where the unit says it: `server.Get` of Go, `Cart.add` of C++."""
    raw = _own_name(node, grammar)
    if not raw:
        return None
    name = " ".join(raw.split())[:LONGEST_NAME].strip("\"'`")
    if node.type in ("rule_set", "rule", "media_statement", "keyframes_statement", "from_instruction"):
        return name or None
    return name if grammar == "objc" else SEPARATORS.sub(".", name).strip(". ") or None


def _own_name(node: "Node", grammar: str) -> str | None:
    kind = node.type
    if grammar in LISPS and kind in ("list", "list_lit"):
        return _lisp_name(node)
    if grammar == "elixir" and kind == "call":
        return _elixir_name(node)
    if kind == "impl_item":
        return _bare(node.child_by_field_name("type"))
    if kind == "method_declaration" and (receiver := node.child_by_field_name("receiver")):
        owner = re.search(r"([A-Za-z_]\w*)[^\w]*$", _GENERICS.sub("", text_of(receiver)))
        return f"{owner[1] if owner else ''}.{_bare(node.child_by_field_name('name'))}"
    if kind == "block" and grammar in ("terraform", "hcl"):
        labels = [child for child in node.named_children if child.type in ("identifier", "string_lit")]
        return ".".join(text_of(label).strip('"') for label in labels)
    if kind in ("rule", "rule_set", "media_statement"):
        return text_of(node).split("{")[0].split("\n")[0] if kind == "media_statement" else _first(node)
    if kind == "from_instruction":
        return _bare(node.child_by_field_name("as")) or _first(node)
    if kind in ("method_definition", "method_declaration") and grammar == "objc":
        parts = [text_of(child) for child in node.named_children if child.type == "identifier"]
        return ":".join(parts) if parts else None
    if kind in ("function_definition", "type_definition") and (inner := node.child_by_field_name("declarator")):
        return _declared(inner)
    if kind in ("secondary_constructor", "init_declaration"):
        return "constructor" if kind == "secondary_constructor" else "init"
    if kind.startswith("create_") and grammar == "sql":
        return next((text_of(child) for child in node.named_children if child.type == "object_reference"), _searched(node))
    if kind == "fun_decl" and (clause := node.child_by_field_name("clause")):
        return _bare(clause.child_by_field_name("name"))
    if kind in ("function_def", "macro_def") and grammar == "cmake" and node.named_children:
        arguments = node.named_children[0].named_children
        return text_of(arguments[-1]).split()[0] if arguments else None
    if kind == "defProc" and (header := node.child_by_field_name("header")):
        return _bare(header.child_by_field_name("name"))
    if kind == "companion_object":
        return _searched(node) or "Companion"
    found = node.child_by_field_name("name") or node.child_by_field_name("pattern") or node.child_by_field_name("type_name")
    return _bare(found) if found is not None else _searched(node)


def _bare(node: "Node | None") -> str:
    return _GENERICS.sub("", text_of(node)) if node is not None else ""


def _first(node: "Node") -> str | None:
    return text_of(node.named_children[0]) if node.named_children else None


def _declared(node: "Node") -> str:
    """The name within C's declarators, which wrap it in pointers, parameters and references."""
    for _ in range(20):
        inner = node.child_by_field_name("declarator")
        if inner is None and node.type in ("reference_declarator", "parenthesized_declarator"):
            inner = node.named_children[0] if node.named_children else None
        if inner is None:
            break
        node = inner
    return _bare(node)


def _searched(node: "Node") -> str | None:
    """The first name among the children, or theirs, or theirs."""
    level = node.named_children[:12]
    for _ in range(4):
        for child in level:
            if _NAME_TYPES.search(child.type) and not child.type.startswith("keyword"):
                return _bare(child)
        heads = (child for child in level if not _BODY_TYPES.search(child.type))
        level = [grandchild for child in heads for grandchild in child.named_children[:4]][:24]
    return None


def _lisp_name(node: "Node") -> str | None:
    items = node.named_children
    if items and items[0].type == "defun":  # Common Lisp's grammar knows some definitions
        return _searched(items[0])
    if len(items) < 2 or not text_of(items[0]).lower().startswith(("def", "(def", "struct", "module")):
        return None
    target = items[1]
    for _ in range(4):
        if target.type not in ("list", "list_lit", "meta_lit") or not target.named_children:
            break
        target = target.named_children[0]
    return text_of(target).split("\n")[0]


def _elixir_name(node: "Node") -> str | None:
    arguments = next((child for child in node.named_children if child.type == "arguments"), None)
    target = arguments.named_children[0] if arguments is not None and arguments.named_children else None
    for _ in range(4):
        if target is None or target.type not in ("call", "binary_operator") or not target.named_children:
            break
        target = target.named_children[0]
    return text_of(target) if target is not None else None


def signature_of(outer: "Node", core: "Node", grammar: str) -> str | None:
    """The unit's head on one line: everything before its body, without what decorates it."""
    body = core.child_by_field_name("body") or core.child_by_field_name("block")
    if body is None:
        ends = (child for child in core.named_children[1:] if _BODY_TYPES.search(child.type) or "comment" in child.type)
        body = next(ends, None)
    start = next((c for c in outer.children if c.type not in ("decorator", "comment", "attribute_list")), outer).start_byte
    source = outer.text or b""
    end = (body.start_byte if body is not None and body.start_byte > start else outer.end_byte) - outer.start_byte
    head = source[start - outer.start_byte : min(end, start - outer.start_byte + 4000)].decode("utf-8", "ignore").strip()
    while grammar not in ("css", "scss", "objc", "swift") and (decorated := _ANNOTATION.match(head)):
        head = head[decorated.end() :]
    if body is None:
        head = head.split("\n")[0]
    return " ".join(head.split())[:_LONGEST_SIGNATURE].rstrip(" {:=").removesuffix("=>").rstrip() or None


def docstring_of(core: "Node", leads: "list[Node]", grammar: str) -> str | None:
    """The first lines of what the unit says about itself: its docstring, else the comments right above it."""
    if grammar in ("python", "starlark"):
        body = core.child_by_field_name("body")
        first = body.named_children[0] if body is not None and body.named_children else None
        string = first.named_children[0] if first is not None and first.type == "expression_statement" else first
        if string is not None and string.type == "string":
            return _cut(re.sub(r"^[A-Za-z]{0,2}(\"\"\"|'''|\"|')", "", text_of(string)).rstrip("\"'"))
    comments = [text_of(lead) for lead in leads if "comment" in lead.type or lead.type in ("haddock", "string_literal")]
    lines = "\n".join(comments).split("\n")
    return _cut(
        "\n".join(_MARKUP.sub("", _MARKERS.sub("", line)).removesuffix("*/").removesuffix("*)").strip('"') for line in lines)
    )


def _cut(text: str) -> str | None:
    lines = [line.strip() for line in text.strip().split("\n") if line.strip()]
    return "\n".join(lines[:_DOC_LINES])[:_LONGEST_DOC].strip() or None
