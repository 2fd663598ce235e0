"""What docutils could not read and only reports: it stands in its messages, as it was written."""

import re

from docutils import nodes

_ERROR = 3
_RULED = re.compile(r"([^\w\s])\1*")


def restore(tree: nodes.document) -> None:
    """Put text that docutils refused back into its place: titles as headings, all else as code."""
    for message in list(tree.findall(nodes.system_message)):
        written = [block.astext().strip("\n") for block in message.findall(nodes.literal_block)]
        if message["level"] < _ERROR or not written or message.parent is None:
            continue  # of what it only warns about, nothing is lost
        message.replace_self(_restored(written[0], message.get("line")))


def _restored(text: str, line: int | None) -> list[nodes.Node]:
    lines = [each for each in text.split("\n") if each.strip()]
    words = [each.strip() for each in lines if not _RULED.fullmatch(each.strip())]
    if len(words) < len(lines) <= 3 and len(words) == 1:
        title = nodes.title(words[0], words[0])
        title.line = line
        return [nodes.section("", title)]
    if len(lines) < 2 or text.lstrip().startswith(".. |"):
        return []  # a directive that holds nothing, a rule, or a name that stands for another text
    block = nodes.literal_block(text, text)
    block.line = line
    return [block]
