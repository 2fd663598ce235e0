"""Plain texts of messages: what is said, what is quoted, and who signs."""

import re
from collections.abc import Iterator

from rage_assets.blocks.parsing.mail.habits import HEADER, ORIGINAL, SENDER, WROTE, closing, sent_from, wrote

_LONGEST_LINE = 400
_SIGNATURE_LINES = 12
_INTRODUCTIONS = 2000  # lines that may introduce a quotation; patterns of people's habits take their time
_QUOTED = re.compile(r"(?:[>|][ \t]?)+")
_RULE = re.compile(r"[_-]{5,}")
_DASHES = re.compile(r"--[ \t\xa0]?$")


def spoken(text: str) -> Iterator[tuple[str | None, str]]:
    """Parts a text by who speaks.

    Args:
        text: The plain text of a message, with line feeds.

    Yields:
        The role, None for what the writer says, else `quote` or `signature`; and the text without the marks of quotation.
    """
    lines = text.split("\n")
    roles = _roles(lines)
    start = 0
    for at in range(1, len(lines) + 1):
        if at < len(lines) and (roles[at] == roles[start] or not lines[at].strip()):
            if not lines[at].strip():
                roles[at] = roles[start]
            continue
        run = lines[start:at]
        yield roles[start], "\n".join(_unquoted(line) for line in run) if roles[start] == "quote" else "\n".join(run)
        start = at


def _roles(lines: list[str]) -> list[str | None]:
    roles: list[str | None] = [None] * len(lines)
    at = looked = 0
    while at < len(lines):
        end = _introduction(lines, at) if looked < _INTRODUCTIONS else None
        looked += lines[at].rstrip().endswith((":", "：")) or len(lines[at]) > 40
        if end is not None:
            roles[at:end] = ["quote"] * (end - at)
            at = end
        elif begins_old_message(lines, at):
            roles[at:] = ["quote"] * (len(lines) - at)
            break
        else:
            if _is_marked(lines[at], quoted_before=at > 0 and roles[at - 1] == "quote"):
                roles[at] = "quote"
            at += 1
    _sign(lines, roles)
    return roles


def _is_marked(line: str, *, quoted_before: bool) -> bool:
    """Whether a line bears the mark of a quotation; three marks are a prompt of Python where nothing was quoted before."""
    return line.startswith((">", "|  ")) and (quoted_before or not line.startswith(">>>"))


def _introduction(lines: list[str], at: int) -> int | None:
    """Where a line such as “On Monday, Ann wrote:” ends, which may run over three; None where there is none."""
    if not lines[at].strip() or len(lines[at]) > _LONGEST_LINE:
        return None
    joined = ""
    for end in range(at, min(at + 3, len(lines))):
        joined = f"{joined} {lines[end].strip()}".strip()
        if not lines[end].strip() or len(joined) > _LONGEST_LINE:
            return None
        if joined.endswith((":", "：")):
            follows = next((line for line in lines[end + 1 : end + 4] if line.strip()), "")
            said = wrote().match(joined) or WROTE.match(joined)
            return end + 1 if said and (follows.startswith((">", "|")) or _dated(joined)) else None
    return None


def _dated(line: str) -> bool:
    return bool(re.search(r"\d{1,2}[:.]\d{2}|\d{4}|@", line))


def begins_old_message(lines: list[str], at: int) -> bool:
    """Whether the rest of the message is another one: a line that says so, or a block of its headers."""
    line = lines[at][:_LONGEST_LINE]
    if ORIGINAL.match(line):
        return True
    if _RULE.fullmatch(line.strip()):  # Outlook's, above the old headers
        at = next((below for below in range(at + 1, min(at + 4, len(lines))) if lines[below].strip()), at)
        line = lines[at][:_LONGEST_LINE]
    if not SENDER.match(line):
        return False
    return sum(1 for each in lines[at + 1 : at + 7] if HEADER.match(each[:_LONGEST_LINE])) >= 2


def _sign(lines: list[str], roles: list[str | None]) -> None:
    """Mark the signature of each run of the writer's own words."""
    at = 0
    while at < len(lines):
        if roles[at] is not None:
            at += 1
            continue
        end = next((n for n in range(at, len(lines)) if roles[n] is not None), len(lines))
        start = _signature(lines, at, end)
        if start is not None:
            roles[start:end] = ["signature"] * (end - start)
        at = end


def is_dashes(line: str) -> bool:
    """Whether a line is the two dashes above a signature."""
    return bool(_DASHES.match(line.strip("\r")))


def _signature(lines: list[str], first: int, end: int) -> int | None:
    for at in range(first, end):
        if is_dashes(lines[at]):
            return at
    filled = [at for at in range(first, end) if lines[at].strip()]
    # The closing words of a letter sign it only where few short lines follow; never its first line.
    for at in filled[1:][-_SIGNATURE_LINES:]:
        line = lines[at].strip()
        rest = [lines[n] for n in filled if n > at]
        if len(line) <= 80 and closing().match(line) and all(len(each) <= 100 for each in rest):
            return at
    if filled and len(lines[filled[-1]]) <= 120 and sent_from().match(lines[filled[-1]].strip()):
        return filled[-1]
    return None


def _unquoted(line: str) -> str:
    return line[found.end() :] if (found := _QUOTED.match(line)) and line.startswith((">", "|")) else line
