"""The directives of docutils, made to keep what they hold where docutils would refuse the whole of it."""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docutils.nodes import Node
    from docutils.parsers.rst import Directive

# The options that say what is read; how it looks is nothing to refuse a text for.
_TELLING = frozenset(("alt", "name", "header", "subtitle", "delim", "quote", "escape", "keepspace", "file", "url", "trim",
                      "ltrim", "rtrim"))  # fmt: skip
_INVALID = object()


class AnyOption(dict[str, Any]):
    """Takes every option: one that is not known as it is written, and none for invalid."""

    def __getitem__(self, name: str) -> Any:
        convert = self.get(name)

        def tolerant(value: str | None) -> Any:
            try:
                return value if convert is None else convert(value)
            except (ValueError, TypeError):
                return _INVALID

        return tolerant

    def __contains__(self, name: object) -> bool:
        return True

    def __bool__(self) -> bool:
        return True


def as_text(directive: "Directive", label: str) -> "list[Node]":
    """A label, and what stands in a directive, as any other text."""
    from docutils import nodes

    found: list[Node] = []
    if label:
        inner, messages = directive.state.inline_text(label, directive.lineno)
        paragraph = nodes.paragraph(label, "", *inner)
        paragraph.line = directive.lineno
        found += [paragraph, *messages]
    content = nodes.container()
    directive.state.nested_parse(directive.content, directive.content_offset, content, match_titles=False)
    return [*found, *content.children]


@cache
def lenient(module: str, name: str) -> "type[Directive] | None":
    """A directive of docutils that keeps its content whatever its options are; None where it has no options.

    Args:
        module: The module of docutils' directives that it stands in.
        name: The name of its class.
    """
    from docutils import nodes
    from docutils.parsers.rst import DirectiveError

    own = getattr(import_module(f"docutils.parsers.rst.directives.{module}"), name)
    if not getattr(own, "option_spec", None):
        return None

    class Lenient(own):  # type: ignore[misc,valid-type]  # docutils has no types
        """Reads what it holds as any other text where that is not as the directive wants it."""

        option_spec = AnyOption(own.option_spec)

        def __init__(self, name: str, arguments: list[str], options: dict[str, Any], *rest: Any) -> None:
            telling = {key: value for key, value in options.items() if key in _TELLING and value is not _INVALID}
            super().__init__(name, arguments, telling, *rest)

        def run(self) -> "list[Node]":
            try:
                found: list[Node] = super().run()
            except DirectiveError:
                found = []
            refused = all(isinstance(node, nodes.system_message) for node in found)
            return as_text(self, " ".join(self.arguments)) if refused and self.content else found

        def check_list_content(self, node: "nodes.Element") -> Any:
            """Fill up the short rows of a table that is written as a list."""
            rows = [row[0] for listed in node[:1] for row in listed if len(row) and isinstance(row[0], nodes.bullet_list)]
            width = max(map(len, rows), default=0)
            for row in rows:
                row.extend(nodes.list_item() for _ in range(width - len(row)))
            return super().check_list_content(node)

    return Lenient
