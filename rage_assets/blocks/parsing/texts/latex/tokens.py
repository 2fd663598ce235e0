"""LaTeX source as tokens that can be put back, without comments."""

import re
from collections.abc import Iterable
from typing import NamedTuple

_TOKEN = re.compile(r"%[^\n]*(?:\n[ \t]*)?|\\(?:[a-zA-Z@]+\*?|[\s\S]|\Z)|\s+|#\d|[{}\[\]$&~#^_]|[^\\%{}\[\]$&~#^_\s]+")
_LONGEST_ARGUMENT = 20_000  # tokens; what is longer was never closed
_LONGEST_OPTION = 2000
_MOST_UNCLOSED = 50
_MOST_ENDLESS = 3
_LONGEST_LENGTH = 20
_LENGTH = re.compile(r"=?-?\d*\.?\d*(?:(?:true)?(?:pt|cm|mm|em|ex|in|sp|bp|pc|dd|cc|mu|fil+))?|plus|minus|by|\d*fil+")
# `\iff` is an arrow; the other names are of commands that take their parts as arguments.
_CONDITION = re.compile(r"\\if(?!f$|then|empty|blank|str|toggle|defempty|defstring|bool|def$|undef$|ntest)[a-zA-Z@]*")
PARAGRAPH = "\n\n"


class Token(NamedTuple):
    """A token, where in the source it stands, and whether it is written there or came out of a macro."""

    text: str
    at: int
    written: bool = True

    @property
    def is_space(self) -> bool:
        """Whether it is white space that ends no paragraph."""
        return self.text.isspace() and self.text != PARAGRAPH

    @property
    def command(self) -> str:
        """A command's name without backslash and star; empty for other tokens."""
        return self.text[1:].rstrip("*") if self.text[:1] == "\\" else ""


class Tokens:
    """The tokens of a source text, or a list of them."""

    def __init__(self, text: str, given: Iterable[Token] = ()) -> None:
        """Read a text, after the tokens that are given."""
        self._text = text
        self._pushed = list(given)[::-1]
        self.at = 0
        self._unclosed = 0
        self._endless = 0

    def next(self) -> Token | None:
        """The next token; None at the end."""
        if self._pushed:
            return self._pushed.pop()
        while self.at < len(self._text):
            found = _TOKEN.match(self._text, self.at)
            if found is None:  # cannot be, each character is some token
                self.at += 1
                continue
            start, self.at = found.span()
            text = found[0]
            if text[0] == "%":
                # The line's end goes with the comment, unless the next line is blank.
                if text[-1] != "%" and "\n" in text and self._text[self.at : self.at + 1] == "\n":
                    return Token(PARAGRAPH, start)
                continue
            if text.isspace():
                return Token(PARAGRAPH if text.count("\n") > 1 else " ", start)
            return Token(text, start)
        return None

    def close(self) -> None:
        """Leave out all that is left."""
        self._pushed = []
        self.at = len(self._text)

    def push(self, tokens: list[Token]) -> None:
        """Put tokens before all others."""
        if tokens and not self._pushed and all(token.written for token in tokens) and self._text:
            self.at = tokens[0].at
        else:
            self._pushed.extend(reversed(tokens))

    def skip_space(self) -> None:
        """Go to the next token that is no white space within a paragraph."""
        token = self.next()
        while token is not None and token.is_space:
            token = self.next()
        if token is not None:
            self.push([token])

    def group(self) -> list[Token]:
        """An argument: what the next braces hold, else the next token."""
        self.skip_space()
        token = self.next()
        if token is None or token.text == PARAGRAPH or token.text == "}":
            self.push([token] if token else [])
            return []
        if token.text != "{":
            return [token]
        inner: list[Token] = []
        depth = 1
        while len(inner) < _LONGEST_ARGUMENT and (token := self.next()) is not None:
            depth += (token.text == "{") - (token.text == "}")
            if not depth:
                break
            inner.append(token)
        return inner

    def word(self) -> str:
        """An argument as it is written."""
        return "".join(token.text for token in self.group()).strip()

    def option(self, *, adjacent: bool = False) -> list[Token] | None:
        """What the next brackets hold; None where none follow."""
        if not adjacent:
            self.skip_space()
        token = self.next()
        if token is None or token.text != "[":
            self.push([token] if token else [])
            return None
        inner: list[Token] = []
        depth = 0
        longest = _LONGEST_OPTION if self._unclosed < _MOST_UNCLOSED else _MOST_UNCLOSED
        while len(inner) < longest and (following := self.next()) is not None:
            if following.text == "]" and depth <= 0:
                return inner
            depth += (following.text == "{") - (following.text == "}")
            inner.append(following)
            if following.text == PARAGRAPH or depth < 0:
                break
        # Never closed: the bracket is text. After many of them, the next ones are not looked for as far.
        self._unclosed += 1
        self.push([token, *inner])
        self.next()
        return None

    def skip_words(self, *words: str) -> None:
        """Go to the next braces where one of some words stands here, as in `to 5cm {ll}`."""
        token = self.next()
        taken = [token] if token is not None else []
        if token is not None and token.text in words:
            while len(taken) < _LONGEST_LENGTH and taken[-1].text != "{" and (following := self.next()) is not None:
                taken.append(following)
            taken = taken[-1:]
        self.push(taken)

    def skip_length(self) -> None:
        """Go behind a length or number that is given without braces, such as `= 1.5ex plus 2pt`."""
        given = False
        for _ in range(_LONGEST_LENGTH):
            token = self.next()
            if token is None:
                return
            if token.is_space:
                continue
            relative = token.text[0] == "\\" and not given
            if not (relative and token.command.endswith(("skip", "width", "height", "indent", "sep"))) and not (
                _LENGTH.fullmatch(token.text)
            ):
                self.push([token])
                return
            given = given or token.text != "="

    def skip_branch(self) -> None:
        r"""Go behind the `\else` or `\fi` that ends a part of the text which is left out, over conditions in it.

        A part that never ends is not left out.
        """
        taken: list[Token] = []
        depth = 0
        while self._endless < _MOST_ENDLESS and (token := self.next()) is not None:
            if not depth and token.text in ("\\fi", "\\else"):
                return
            depth += bool(_CONDITION.fullmatch(token.text)) - (token.text == "\\fi")
            taken.append(token)
        self._endless += 1
        self.push(taken)

    def until(self, end: str) -> str:
        r"""Everything before some text, comments included, and go behind it; to the end where it is missing.

        Args:
            end: Such as `\end{verbatim}`.
        """
        if self._pushed:
            taken = ""
            while not taken.endswith(end) and len(taken) < 100_000 and (token := self.next()) is not None:
                taken += token.text
            return taken.removesuffix(end)
        stop = self._text.find(end, self.at)
        stop = len(self._text) if stop < 0 else stop
        taken = self._text[self.at : stop]
        self.at = min(stop + len(end), len(self._text))
        return taken

    def raw_group(self) -> str:
        """An argument as it stands in the source: in addresses, percent signs begin no comment."""
        if self._pushed or self._text[self.at : self.at + 1] != "{":
            return self.word()
        end = re.compile(r"[{}]")
        depth, place = 0, self.at
        while (found := end.search(self._text, place, self.at + 5000)) is not None:
            depth += 1 if found[0] == "{" else -1
            place = found.end()
            if not depth:
                taken = self._text[self.at + 1 : place - 1]
                self.at = place
                return taken
        return self.word()

    def delimited(self) -> str:
        r"""What stands between two of the same sign, as in `\verb|code|`."""
        if self._pushed:
            token = self.next()
            if token is not None and token.text == "{":
                self.push([token])
                return self.word()
            return token.text.strip("|!+") if token else ""
        sign = self._text[self.at : self.at + 1]
        stop = self._text.find("}" if sign == "{" else sign, self.at + 1, self.at + 2000)
        if not sign or stop < 0:
            return ""
        taken = self._text[self.at + 1 : stop]
        self.at = stop + 1
        return taken


def tokenized(text: str) -> list[Token]:
    """All tokens of a text."""
    return list(iter(Tokens(text).next, None))
