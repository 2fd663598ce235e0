"""The signs by which the lines of Org are known."""

import re

HEADING = re.compile(r"(\*{1,30})[ \t]+(\S.*)")
KEYWORD = re.compile(r"[ \t]*#\+([\w-]{1,50})(?:\[.{0,200}\])?:[ \t]*(.*)")
BEGIN = re.compile(r"[ \t]*#\+begin_(\w{1,40})(?:[ \t]+(.*))?", re.IGNORECASE)
DRAWER = re.compile(r"[ \t]*:([\w-]{1,50}):[ \t]*")
ITEM = re.compile(r"([ \t]*)([-+]|\*(?<=[ \t]\*)|\d{1,5}[.)]|[a-zA-Z][.)])(?:[ \t]+(.*)|$)")
COMMENT = re.compile(r"[ \t]*#(?:[ \t].*)?")
SILENT = re.compile(r"[ \t]*(?:-{5,}[ \t]*|CLOCK:.*|:(?:end|END):[ \t]*)|\*{1,30}[ \t]*")
NOTE = re.compile(r"\[fn:([\w-]{1,50})\][ \t]*(.*)")
CODE = ("src", "example", "export", "comment")


def marks(lines: list[str]) -> dict[str, list[int]]:
    """Where headings are, and the ends of blocks and drawers."""
    found: dict[str, list[int]] = {"*": []}
    for place, line in enumerate(lines):
        bare = line.strip().lower()
        if bare == ":end:" or bare.startswith("#+end_"):
            found.setdefault(bare, []).append(place)
        elif HEADING.fullmatch(line):
            found["*"].append(place)
    return found


def code(lines: list[str]) -> str:
    """Code without the margin that it has in common, and without the commas that keep its lines from being Org."""
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(re.sub(r"^,(?=[*#,])", "", line[margin:]) for line in lines)


def goes_on(line: str) -> bool:
    """Whether a line belongs to the paragraph above it."""
    other = (SILENT, COMMENT, HEADING, BEGIN, KEYWORD, ITEM, DRAWER, NOTE)
    return bool(line.strip()) and not line.lstrip().startswith("|") and not any(kind.fullmatch(line) for kind in other)
