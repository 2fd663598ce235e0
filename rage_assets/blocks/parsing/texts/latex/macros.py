"""The commands that a document defines for itself, put in place within bounds."""

import re
from typing import NamedTuple

from rage_assets.blocks.parsing.texts.latex.tokens import Token, Tokens, tokenized

_MOST_EXPANDED = 300_000  # tokens of all macros together
_MOST_MACROS = 2000
_LONGEST_BODY = 5000
_PARAMETER = re.compile(r"O\s*\{([^{}]*)\}|[mros]")
_STAR: list[Token] = []  # belongs to the command's name
DEFINITIONS = frozenset(
    ("newcommand", "renewcommand", "providecommand", "DeclareRobustCommand", "def", "gdef", "edef", "xdef",
     "NewDocumentCommand", "RenewDocumentCommand", "ProvideDocumentCommand")
)  # fmt: skip


class Macro(NamedTuple):
    """A command: for each parameter what stands in for it, None where it must be given; and what it becomes."""

    parameters: list[list[Token] | None]
    body: list[Token]


class Macros:
    """The commands that a document defined so far."""

    def __init__(self) -> None:
        """Know none."""
        self._macros: dict[str, Macro] = {}
        self._expanded = 0

    def __contains__(self, name: str) -> bool:
        """Whether the document defined a command."""
        return name in self._macros

    def define(self, how: str, tokens: Tokens) -> None:
        """Read a definition.

        Args:
            how: The command that defines, such as `newcommand`.
            tokens: Stand behind it.
        """
        given = tokens.group()
        name = given[0].command if given else ""
        parameters: list[list[Token] | None] = []
        if how.endswith("def"):
            while (token := tokens.next()) is not None and token.text != "{":
                if token.text in ("}", "\n\n"):
                    return
                if token.text[0] == "#":
                    parameters.append(None)
            tokens.push([token] if token else [])
        elif how.endswith("DocumentCommand"):
            parameters = [_parameter(found) for found in _PARAMETER.finditer(tokens.word())]
        else:
            count = "".join(token.text for token in tokens.option() or ())
            default = tokens.option() if count else None
            parameters = [None] * (int(count) if count.isdigit() and len(count) == 1 else 0)
            if default is not None and parameters:
                parameters[0] = default
        body = tokens.group()
        if name and len(self._macros) < _MOST_MACROS and len(body) <= _LONGEST_BODY:
            self._macros[name] = Macro(parameters, body)

    def expand(self, call: Token, tokens: Tokens) -> bool:
        """Put what a command becomes before the tokens behind it; whether it was within bounds."""
        macro = self._macros[call.command]
        arguments = [self._given(tokens, default) for default in macro.parameters]
        made: list[Token] = []
        for token in macro.body:
            number = int(token.text[1]) if token.text[0] == "#" and len(token.text) == 2 and token.text[1].isdigit() else 0
            made += arguments[number - 1] if 0 < number <= len(arguments) else [token]
            if len(made) > _MOST_EXPANDED:
                break
        self._expanded += len(made) + 1
        if self._expanded > _MOST_EXPANDED:
            return False
        tokens.push([Token(token.text, call.at, written=False) for token in made])
        return True

    @staticmethod
    def _given(tokens: Tokens, default: list[Token] | None) -> list[Token]:
        if default is None or default is _STAR:
            return tokens.group() if default is None else []
        option = tokens.option(adjacent=True)
        return default if option is None else option


def _parameter(found: re.Match[str]) -> list[Token] | None:
    """What stands in for a parameter, as the letters of `xparse` say."""
    if found[0] in ("m", "r", "s"):
        return _STAR if found[0] == "s" else None
    return tokenized(found[1] or "")
