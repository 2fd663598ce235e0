"""MathML as LaTeX, as far as a reader of text needs it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_MAX_DEPTH = 60
_TEX = ("application/x-tex", "application/x-latex", "TeX", "LaTeX", "text/latex")
_SCRIPTS = {"msub": "_", "msup": "^", "munder": "_", "mover": "^"}


def write_formulas(root: "HtmlElement") -> None:
    """Replace every formula of a page by its LaTeX between dollar signs, in place."""
    for script in list(root.xpath("//script[starts-with(@type, 'math/tex')]")):
        _replace(script, (script.text or "").strip(), block="display" in script.get("type"))
    for element in list(root.iter("math")):
        if element.getparent() is None:
            continue
        outermost = element
        # MediaWiki and KaTeX wrap the readable form in elements that they hide from sight.
        for parent in element.iterancestors("span", "mjx-assistive-mml"):
            if "math" in (parent.get("class") or "").lower() or parent.tag != "span" or parent.get("style"):
                outermost = parent
            if any(name in (parent.get("class") or "").split() for name in ("katex", "mwe-math-element")):
                break
        _replace(outermost, latex(element), block=element.get("display") == "block")


def latex(element: Any) -> str:
    """A `math` element as LaTeX: what its author wrote where that is there, else its structure."""
    for note in element.iter("{*}annotation", "annotation"):
        if note.get("encoding") in _TEX and (note.text or "").strip():
            return str(note.text).strip()
    alternative = element.get("alttext")
    return str(alternative).strip() if alternative else " ".join(_structure(element, 0).split())


def _structure(element: Any, depth: int) -> str:
    if depth > _MAX_DEPTH or not isinstance(element.tag, str):
        return ""
    name = element.tag.rsplit("}", 1)[-1].rsplit(":", 1)[-1]
    if name.startswith("annotation"):
        return ""
    parts = [_structure(child, depth + 1) for child in element]
    if name == "mfrac" and len(parts) > 1:
        return rf"\frac{{{parts[0]}}}{{{parts[1]}}}"
    if name == "msqrt":
        return rf"\sqrt{{{''.join(parts)}}}"
    if name == "mroot" and len(parts) > 1:
        return rf"\sqrt[{parts[1]}]{{{parts[0]}}}"
    if name in _SCRIPTS and len(parts) > 1:
        return f"{parts[0]}{_SCRIPTS[name]}{{{parts[1]}}}"
    if name in ("msubsup", "munderover") and len(parts) > 2:
        return f"{parts[0]}_{{{parts[1]}}}^{{{parts[2]}}}"
    if name == "mfenced":
        return f"{element.get('open', '(')}{','.join(parts)}{element.get('close', ')')}"
    if name == "mtr":
        return " & ".join(parts) + r" \\ "
    if name == "mtable":
        return rf"\begin{{matrix}} {''.join(parts)}\end{{matrix}}"
    if name == "mtext":
        return rf"\text{{{(element.text or '').strip()}}}"
    return f"{(element.text or '').strip()}{''.join(parts)}"


def _replace(element: "HtmlElement", formula: str, *, block: bool) -> None:
    parent = element.getparent()
    if parent is None:
        return
    written = element.makeelement("span", {})
    sign = "$$" if block else "$"
    written.text = f"{sign}{formula}{sign}" if formula else ""
    written.tail = element.tail
    parent.replace(element, written)
