"""HTML of messages: what mail programs mark as quoted or as a signature."""

import re
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.mail.habits import SENDER
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# Signs of private use stand around what has a role, since elements are gone once there are blocks.
BEGIN = re.compile("\ue000(quote|signature)\ue001\\s?")
END = re.compile("\ue002end\ue000\\s?")
_QUOTES = re.compile(
    r"\b(?:gmail_quote|gmail_attr|moz-cite-prefix|yahoo_quoted|protonmail_quote|tutanota_quote|zmail_extra|moz-forward-container|"
    r"x_gmail_quote|quoted-text|front-blockquote|skiff_quote)\b"
)
_FROM_HERE = re.compile(
    r"\b(?:divRplyFwdMsg|x_divRplyFwdMsg|appendonsend|x_appendonsend|OutlookMessageHeader|reply-intro|"
    r"ms-outlook-mobile-reference-message|mail-editor-reference-message-container)\b"
)
_SIGNATURES = re.compile(
    r"\b(?:gmail_signature|moz-signature|protonmail_signature_block|ms-outlook-mobile-signature|x_Signature|tutanota_signature|"
    r"Signature|bloop_sign|AppleMailSignature|apple-mail-signature)\b"
)
# Outlook parts what it quotes by nothing but a line of this kind above the old headers.
_BORDER = re.compile(
    r"border(?:-top)?:\s*(?:none;\s*border-top:\s*)?solid\s+#(?:E1E1E1|B5C4DF|CCCCCC)\s+1\.0pt", re.IGNORECASE
)
_MOST_ELEMENTS = 200_000


def with_roles_marked(html: str) -> str:
    """The HTML with signs around quotations and signatures; as it is where there is nothing to mark."""
    from lxml import etree
    from lxml import html as lxml_html

    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True)
    text = re.sub("[\ue000-\ue002]", "", html)
    try:
        root = lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, ParseFailed, ValueError):
        return text
    marked = False
    after: HtmlElement | None = None
    skip: set[HtmlElement] = set()
    for count, element in enumerate(root.iter()):
        if count > _MOST_ELEMENTS or after is not None:
            break
        if not isinstance(element.tag, str):
            continue
        parent = element.getparent()
        if parent in skip:
            skip.add(element)
            continue
        names = f"{element.get('class') or ''} {element.get('id') or ''}"
        if _from_here(element, names):
            after = element
        elif (role := _role(element, names)) is not None and parent is not None:
            _surround(element, role)
            skip.add(element)
            marked = True
    if after is not None and after.getparent() is not None:
        after.addprevious(_sign("\ue000quote\ue001"))
        marked = True
    return str(etree.tostring(root, encoding="unicode", method="html")) if marked else text


def _role(element: "HtmlElement", names: str) -> str | None:
    if element.tag == "blockquote" and (element.get("type") == "cite" or _QUOTES.search(names)):
        return "quote"
    if element.tag in ("div", "blockquote", "section") and _QUOTES.search(names):
        return "quote"
    return "signature" if element.tag in ("div", "pre", "table", "span", "p") and _SIGNATURES.search(names) else None


def _from_here(element: "HtmlElement", names: str) -> bool:
    """Whether the rest of the message is quoted from this element on."""
    if element.tag not in ("div", "hr", "p", "table"):
        return False
    if _FROM_HERE.search(names):
        return True
    if element.tag == "div" and _BORDER.search(element.get("style") or ""):
        return bool(SENDER.match("".join(element.itertext())[:300].lstrip()))
    return False


def _surround(element: "HtmlElement", role: str) -> None:
    end = _sign("\ue002end\ue000")
    end.tail, element.tail = element.tail, None
    element.addprevious(_sign(f"\ue000{role}\ue001"))
    element.addnext(end)


def _sign(text: str) -> "HtmlElement":
    from lxml import html as lxml_html

    sign = lxml_html.Element("p")
    sign.text = text
    return sign
