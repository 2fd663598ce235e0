"""Functions as values: bound to a name, or called where they are written."""

import re
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.code.grammars import BINDINGS, FUNCTION_VALUES
from rage_assets.blocks.parsing.code.names import LONGEST_NAME, SEPARATORS, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_WRAPPED = 5
_LARGE = 40  # lines; a shorter function is read as one
_CALLS = frozenset(
    ("call_expression", "parenthesized_expression", "unary_expression", "arguments", "member_expression",
     "function_expression", "arrow_function")
)  # fmt: skip


def function_value(node: "Node") -> "tuple[Node | None, Node | None]":
    """The function that a statement binds to a name, and the binding."""
    level = [(child, node) for child in node.named_children[:4]]
    for _ in range(_WRAPPED):
        for child, binding in level:
            if child.type in FUNCTION_VALUES:
                return child, binding
        level = [
            (grandchild, child if child.type in ("variable_declarator", "assignment_expression") else binding)
            for child, binding in level
            if child.type in (*BINDINGS, "variable_declarator", "call_expression", "arguments", "expression_list")
            for grandchild in child.named_children[:4]
        ]
    return None, None


def called_body(node: "Node") -> "Node | None":
    """The body of a function that a statement calls or hands over, as whole files of JavaScript are wrapped in one."""
    level = [node] if node.type == "expression_statement" else []
    for _ in range(_WRAPPED):
        level = [child for outer in level for child in outer.named_children[:6] if child.type in _CALLS]
        for child in level:
            body = child.child_by_field_name("body")
            if body is not None and body.type == "statement_block":
                return body if body.end_point[0] - body.start_point[0] >= _LARGE else None
    return None


def bound_name(binding: "Node") -> str | None:
    """The name that a statement binds to a function: `f` of `const f = …`, `A.p` of `A.prototype.p = …`."""
    fields = ("name", "left", "lhs", "property", "pattern")
    target = next((found for field in fields if (found := binding.child_by_field_name(field)) is not None), None)
    text = text_of(target if target is not None else binding).split("=")[0].split("<-")[0].split("\n")[0]
    text = text.replace(".prototype.", ".").strip()
    exported = re.fullmatch(r"(?:module\.)?exports(?:\.(.+))?", text)
    if exported:
        text = exported[1] or _named_value(binding) or "exports"
    return SEPARATORS.sub(".", re.sub(r"^(?:local|const|let|var)\s+", "", text))[:LONGEST_NAME].strip(". ") or None


def _named_value(binding: "Node") -> str | None:
    value = binding.child_by_field_name("right")
    name = value.child_by_field_name("name") if value is not None else None
    return text_of(name) if name is not None else None
