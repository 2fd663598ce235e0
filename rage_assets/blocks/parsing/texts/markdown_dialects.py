"""What the dialects of Markdown add to it, put line by line into words that plain Markdown has."""

import re

_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})")
_NOTE = re.compile(r"([ \t]{0,3})\[\^([^\]\s]{1,100})\]:")
_CONTAINER = re.compile(
    r"[ \t]*:{3,}[ \t]*(?:\{[^{}]{0,200}\}|([\w-]{0,40})(?:[ \t]*\{[^{}]{0,200}\}|\[([^\[\]]{1,200})\]|[ \t]+(\S.{0,200}))?)"
)
# Without a word behind them, such signs are no admonition; and without a quoted title, `===` underlines a heading.
_INDENTED = re.compile(
    r"""([ \t]*)(?:(?:!!!|\?\?\?\+?)(?=[ \t]+\S)(?:[ \t]+[\w-]{1,40}){0,5}|===[!+]?(?=[ \t]+["']))"""
    r"""(?:[ \t]+(?:"(.{0,200})"|'(.{0,200})'))?[ \t]*"""
)
_INSTRUCTION = re.compile(
    r"[ \t]*(?:\{:[^{}]{0,500}\}|\{%-?[ \t]*(?!highlight|endhighlight).{0,500}%\}|\[TOC\]|\[\[_TOC_\]\]|\{/\*.*\*/\})[ \t]*"
)
_MODULE = re.compile(r"(?:import|export)[ \t].*")
_COMPONENT = re.compile(r"[ \t]*</?[A-Z][\w.]{0,60}(?:[ \t][^<>]{0,1000})?/?>[ \t]*")
_HEADING_FACTS = re.compile(r"[ \t]*\{[#.:][^{}]{0,200}\}$")
_WIKI_LINK = re.compile(r"!?\[\[([^\[\]|]{1,300})(?:\|([^\[\]]{1,300}))?\]\]")
_REFERENCE = re.compile(r"\[\^([^\]\s]{1,100})\]")
_ALERT = re.compile(r"\[!(\w{1,20})\][+-]?\s*")


def plain_markdown(text: str, *, components: bool = False) -> str:
    """Text in which the additions of dialects are plain Markdown; every line stays where it is.

    Args:
        text: Markdown with footnotes, admonitions, containers, attributes.
        components: Whether modules and components of MDX may stand in it.
    """
    if (
        not any(sign in text for sign in ("[^", ":::", "!!!", "???", '=== "', "{:", "{%", "[TOC]", "[[_TOC_]]"))
        and not components
    ):
        return text
    lines: list[str] = []
    fence, margin = "", -1
    for line in text.split("\n"):
        if margin >= 0:
            indent = len(line) - len(line.lstrip())
            if line.strip() and indent <= margin:
                margin = -1
            else:
                line = line[4:] if line[:4].isspace() else line
        if found := _FENCE.match(line):
            fence = "" if fence and found[1].startswith(fence) else fence or found[1]
        elif not fence:
            if found := _INDENTED.fullmatch(line):
                margin = len(found[1].expandtabs(4))
            line = _line(line, components=components, inside=bool(lines) and _is_of_paragraph(lines[-1]))
        lines.append(line)
    return "\n".join(lines)


def _is_of_paragraph(line: str) -> bool:
    """Whether the line after this one may belong to the same paragraph."""
    return bool(line.strip()) and not line.startswith("#") and not _FENCE.match(line)


def _line(line: str, *, components: bool, inside: bool) -> str:
    bare = line.lstrip()
    if bare.startswith("[^") and _NOTE.match(line):
        # Else a note of one word would be taken for a link's address.
        return line.replace("[", "\\[", 1)
    if bare.startswith(":::") and (found := _CONTAINER.fullmatch(line)):
        title = found[2] or found[3] or ""
        return f"{title}  " if title else ""
    if bare.startswith(("!!!", "???", "===")) and (found := _INDENTED.fullmatch(line)):
        title = found[2] or found[3] or ""
        return found[1] + title + "  " if title else ""
    if bare.startswith(("{", "[")) and _INSTRUCTION.fullmatch(line):
        return ""
    # Within a paragraph, a line that begins with `import` is prose.
    is_module = not inside and _MODULE.fullmatch(line)
    return "" if components and (is_module or _COMPONENT.fullmatch(line)) else line


def plain_words(text: str) -> str:
    """A run of text without the signs of footnotes and wiki links."""
    if "[" not in text:
        return text
    text = _WIKI_LINK.sub(lambda found: "" if found[0][0] == "!" else found[2] or found[1], text)
    return _REFERENCE.sub(r"[\1]", text)


def heading_words(text: str) -> str:
    """A heading without the attributes behind it."""
    return _HEADING_FACTS.sub("", text)


def alert(text: str) -> str | None:
    """The text of GitHub's admonition with its kind in words; None where it is none."""
    found = _ALERT.match(text)
    return f"{found[1].capitalize()}: {text[found.end() :]}" if found else None


def footnotes(text: str) -> list[str]:
    """The footnotes that a paragraph of lines is; empty where it is none."""
    if not re.match(r"\[[^\[\]\s]{1,100}\]: ", text):
        return []
    notes = re.split(r"\n(?=\[[^\[\]\s]{1,100}\]: )", text)
    return [" ".join(re.sub(r"^(\[[^\[\]]+\]):", r"\1", note).split()) for note in notes]


def definitions(text: str) -> str:
    """The list that terms and their definitions make; empty where a paragraph of lines is no such list."""
    lines = text.split("\n")
    if len(lines) < 2 or lines[0].startswith(":") or not re.match(r":\s+\S", lines[1]):
        return ""
    items: list[str] = []
    for line in lines:
        if not line.startswith(":"):
            items.append("- " + line)
        elif ": " in items[-1]:
            items.append("  " + line[1:].strip())
        else:
            items[-1] += ": " + line[1:].strip()
    return "\n".join(items)
