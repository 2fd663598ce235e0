"""Directives and roles that docutils does not know, such as Sphinx's: their content is kept."""

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from rage_assets.blocks.parsing.texts.rst.lenient import AnyOption, as_text, lenient

if TYPE_CHECKING:
    from docutils.parsers.rst import Directive

_DIRECTIVE = re.compile(r"^[ \t]*\.\. (?:\|[^|\n]{1,100}\| )?([\w][\w.:+-]{0,60})::", re.MULTILINE)
_ROLE = re.compile(r":([\w][\w.:+-]{0,60}):`")
_TITLED = re.compile(r"(.{0,2000}?)\s*<[^<>]{0,2000}>", re.DOTALL)
_MOST_NAMES = 500
# Lists of documents, and what a build would take from elsewhere.
_NO_TEXT = frozenset(
    ("toctree", "index", "autosummary", "currentmodule", "highlight", "tabularcolumns", "bibliography", "include",
     "literalinclude", "contents", "sectnum", "raw", "meta", "default-role", "py:currentmodule", "cssclass", "rst-class",
     "title", "only-if")
)  # fmt: skip
# Named after what a build describes from its source; what the document adds is text.
_DESCRIBED = frozenset(("module", "py:module", "automodule", "autoclass", "autofunction", "automethod"))
_CODE = frozenset(("code", "code-block", "sourcecode", "prompt", "ipython", "testcode", "doctest", "testoutput",
                   "productionlist"))  # fmt: skip
_NOTES = {
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "seealso": "See also",
    "todo": "To do",
}


def tolerate(text: str) -> None:
    """Make docutils take the directives and roles of a text, those that it does not know and its own as they are written."""
    from docutils.parsers.rst import directives, roles
    from docutils.parsers.rst.languages import en

    directive, role = _kinds()
    for name in list(dict.fromkeys(found.lower() for found in _DIRECTIVE.findall(text)))[:_MOST_NAMES]:
        known = directives._directive_registry.get(en.directives.get(name, name))
        if known is None or name in _CODE or name in ("include", "raw"):
            directives.register_directive(name, directive)
        elif (own := lenient(*known)) is not None:
            directives.register_directive(name, own)
    for name in list(dict.fromkeys(found.lower() for found in _ROLE.findall(text)))[:_MOST_NAMES]:
        if name not in en.roles and name not in roles._role_registry:
            roles.register_local_role(name, role)


@cache
def _kinds() -> "tuple[type[Directive], Any]":
    from docutils import nodes
    from docutils.parsers.rst import Directive

    class Tolerant(Directive):  # type: ignore[misc]  # docutils has no types
        """Its argument and its content, as they are written."""

        optional_arguments = 1
        final_argument_whitespace = True
        option_spec = AnyOption()
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
            if self.name in _DESCRIBED:
                return as_text(self, self.options.get("synopsis") or "")
            label = " ".join(filter(None, [_NOTES.get(self.name, ""), argument]))
            return as_text(self, "" if self.name.startswith("only") else label)

    def role(name: str, rawtext: str, text: str, *_: Any, **__: Any) -> tuple[list[nodes.Node], list[nodes.Node]]:
        titled = _TITLED.fullmatch(text)
        shown = (titled[1] if titled else text).replace("\x00", "")
        shown = shown.rsplit(".", 1)[-1] if shown.startswith("~") else shown.lstrip("!")
        return [nodes.inline(rawtext, shown)], []

    return Tolerant, role
