"""Directives and roles that docutils does not know, such as Sphinx's: their content is kept."""

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docutils.parsers.rst import Directive

_DIRECTIVE = re.compile(r"^[ \t]*\.\. (?:\|[^|\n]{1,100}\| )?([\w][\w.:+-]{0,60})::", re.MULTILINE)
_ROLE = re.compile(r":([\w][\w.:+-]{0,60}):`")
_TITLED = re.compile(r"(.{0,2000}?)\s*<[^<>]{0,2000}>", re.DOTALL)
_MOST_NAMES = 500
# Lists of documents, and what a build would take from elsewhere.
_NO_TEXT = frozenset(
    ("toctree", "index", "automodule", "autoclass", "autofunction", "automethod", "autosummary", "currentmodule", "module",
     "highlight", "tabularcolumns", "bibliography", "include", "literalinclude", "contents", "sectnum", "raw", "meta",
     "default-role", "py:currentmodule", "py:module", "cssclass", "rst-class", "title", "only-if")
)  # fmt: skip
_CODE = frozenset(("code-block", "sourcecode", "prompt", "ipython", "testcode", "doctest", "testoutput", "productionlist"))
_NOTES = {
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "seealso": "See also",
    "todo": "To do",
}


def tolerate(text: str) -> None:
    """Make docutils take the directives and roles of a text that it does not know."""
    from docutils.parsers.rst import directives, roles
    from docutils.parsers.rst.languages import en

    directive, role = _kinds()
    known = {*directives._directive_registry, *en.directives}
    for name in list(dict.fromkeys(found.lower() for found in _DIRECTIVE.findall(text)))[:_MOST_NAMES]:
        if name not in known or name in _CODE or name in ("include", "raw"):
            directives.register_directive(name, directive)
    for name in list(dict.fromkeys(found.lower() for found in _ROLE.findall(text)))[:_MOST_NAMES]:
        if name not in en.roles and name not in roles._role_registry:
            roles.register_local_role(name, role)


class _AnyOption(dict[str, Any]):
    """Takes every option as it is written."""

    def __missing__(self, name: str) -> Any:
        return lambda value: value

    def __contains__(self, name: object) -> bool:
        return True

    def __bool__(self) -> bool:
        return True


@cache
def _kinds() -> "tuple[type[Directive], Any]":
    from docutils import nodes
    from docutils.parsers.rst import Directive

    class Tolerant(Directive):  # type: ignore[misc]  # docutils has no types
        """Its argument and its content, as they are written."""

        optional_arguments = 1
        final_argument_whitespace = True
        option_spec = _AnyOption()
        has_content = True

        def run(self) -> list[nodes.Node]:
            argument = " ".join(self.arguments)
            if self.name in _NO_TEXT:
                return []
            if self.name in _CODE:
                block = nodes.literal_block("", "\n".join(self.content))
                block["language"] = argument or None
                block.line = self.content_offset + 1
                caption = self.options.get("caption")
                return [nodes.paragraph("", caption), block] if caption else [block]
            found: list[nodes.Node] = []
            label = " ".join(filter(None, [_NOTES.get(self.name, ""), argument]))
            if label and not self.name.startswith("only"):
                inner, messages = self.state.inline_text(label, self.lineno)
                paragraph = nodes.paragraph(label, "", *inner)
                paragraph.line = self.lineno
                found += [paragraph, *messages]
            content = nodes.container()
            self.state.nested_parse(self.content, self.content_offset, content, match_titles=False)
            return [*found, *content.children]

    def role(name: str, rawtext: str, text: str, *_: Any, **__: Any) -> tuple[list[nodes.Node], list[nodes.Node]]:
        titled = _TITLED.fullmatch(text)
        shown = (titled[1] if titled else text).replace("\x00", "")
        shown = shown.rsplit(".", 1)[-1] if shown.startswith("~") else shown.lstrip("!")
        return [nodes.inline(rawtext, shown)], []

    return Tolerant, role
