"""The text of a message: the better of its HTML and its plain text, with quotations and signatures told apart."""

import re
from dataclasses import dataclass

from rage_assets.blocks.parsing.mail.html_roles import BEGIN, END, with_roles_marked
from rage_assets.blocks.parsing.mail.quotes import begins_old_message, is_dashes, spoken
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.texts.plain_text import paragraphs
from rage_assets.blocks.parsing.web.html import fragment
from resources.domain import BlockType, ParsedBlock

_ITEM = re.compile(r"[ \t]*(?:[-*•·+]|\d{1,3}[.)])[ \t]+\S")
_ARMOURED = re.compile(r"-----BEGIN PGP MESSAGE-----.*?(?:-----END PGP MESSAGE-----|\Z)", re.DOTALL)
_SIGNED = re.compile(r"-----BEGIN PGP SIGNED MESSAGE-----\s*?\n(?:Hash:[^\n]*\n)*\n?")
_SIGNATURE = re.compile(r"-----BEGIN PGP SIGNATURE-----.*?(?:-----END PGP SIGNATURE-----|\Z)", re.DOTALL)
_STUB = 0.3  # of the HTML's words; a plain text with fewer only says that there is HTML
_FEW_WORDS = 20


@dataclass
class Body:
    """One text of a message, in one or two forms.

    Attributes:
        plain: As plain text.
        html: As HTML.
        flowed: Whether lines that end with a space go on in the next.
    """

    plain: str = ""
    html: str = ""
    flowed: bool = False


def add_body(outline: Outline, body: Body) -> None:
    """Add the better form of a text."""
    plain = body.plain.replace("\r\n", "\n").replace("\r", "\n")
    page = _page(body.html) if body.html.strip() else None
    if page is not None and _better(page.blocks, plain):
        outline.extend(page)
    else:
        _add_plain(outline, _joined(plain) if body.flowed else plain)


def _better(blocks: list[ParsedBlock], plain: str) -> bool:
    """Whether HTML says what the plain text does not."""
    words = len(plain.split())
    shown = sum(len(block.text.split()) for block in blocks)
    if not shown:
        return False
    if not words or (shown > _FEW_WORDS and words < shown * _STUB):
        return True
    # What a quotation holds was said before; it is no reason to prefer the HTML.
    own = [block for block in blocks if block.metadata.get("role") is None]
    if any(block.type is BlockType.TABLE for block in own):
        return True
    items = sum(block.text.count("\n") + 1 for block in own if block.type is BlockType.LIST)
    return items > 1 and sum(1 for line in plain.split("\n") if _ITEM.match(line)) < items


def _add_plain(outline: Outline, text: str) -> None:
    text = _SIGNATURE.sub("", _SIGNED.sub("", text))
    text = _ARMOURED.sub("Encrypted text (PGP).", text)
    for role, part in spoken(text):
        for _, lines in paragraphs(part):
            if (
                len(lines) > 1
                and all(_ITEM.match(line) or line.startswith((" ", "\t")) for line in lines)
                and _ITEM.match(lines[0])
            ):
                items = "\n".join(re.sub(r"^([ \t]*)[*•·+]([ \t])", r"\1-\2", line) for line in lines)
                outline.add(BlockType.LIST, items, role=role)
            else:
                outline.paragraph("\n".join(lines), role=role)


def _page(html: str) -> Outline:
    """The blocks of HTML, each with its role."""
    role: str | None = None
    outline = fragment(with_roles_marked(html))
    kept: list[ParsedBlock] = []
    for block in outline.blocks:
        text = block.text
        if begin := BEGIN.search(text):
            role = begin[1]
        elif END.search(text):
            role = None
        block.text = END.sub("", BEGIN.sub("", text)).strip("\n") if "\ue000" in text else text
        block.section = [name for name in block.section if "\ue000" not in name]
        if block.text.strip():
            if role:
                block.metadata["role"] = role
            kept.append(block)
    _find_roles(kept)
    outline.blocks = kept
    return outline


def _find_roles(blocks: list[ParsedBlock]) -> None:
    """The roles that HTML does not mark: the headers of an old message, two dashes above a signature."""
    role: str | None = None
    for block in blocks:
        if "role" in block.metadata:
            role = None if role == "signature" else role
            continue
        lines = block.text.split("\n")
        if role != "quote" and begins_old_message(lines, 0):
            role = "quote"
        elif role is None and is_dashes(lines[0]):
            role = "signature"
        if role:
            block.metadata["role"] = role


def _joined(text: str) -> str:
    """The lines of `format=flowed`, each paragraph whole again."""
    lines: list[str] = []
    goes_on = False
    for line in text.split("\n"):
        line = line.removeprefix(" ") if line.startswith((" >", " From", "  ")) else line
        if goes_on and not line.startswith(">") and line:
            lines[-1] += line
        else:
            lines.append(line)
        goes_on = line.endswith(" ") and line != "-- " and not line.startswith(">")
    return "\n".join(lines)
