"""Word's equations as LaTeX."""

import re
from functools import cache
from typing import TYPE_CHECKING

from rage_assets.blocks.parsing.office.docx_styles import attribute, child, local

if TYPE_CHECKING:
    from lxml.etree import _Element

_SYMBOLS = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau",
    "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda",
    "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "∞": "infty", "×": "times", "÷": "div",
    "±": "pm", "∓": "mp", "≤": "leq", "≥": "geq", "≠": "neq", "≈": "approx", "∈": "in", "∉": "notin",
    "⊂": "subset", "∪": "cup", "∩": "cap", "∀": "forall", "∃": "exists", "∂": "partial", "∇": "nabla", "→": "to",
    "⇒": "Rightarrow", "∑": "sum", "∏": "prod", "∫": "int", "∬": "iint", "∭": "iiint", "∮": "oint", "⋃": "bigcup",
    "⋂": "bigcap", "⋅": "cdot", "…": "ldots", "⋯": "cdots", "∯": "oiint", "∰": "oiiint", "←": "leftarrow", "¬": "neg",
    "ℏ": "hbar", "ħ": "hbar", "∅": "emptyset",
}  # fmt: skip
_FUNCTIONS = {"sin", "cos", "tan", "cot", "log", "ln", "exp", "lim", "max", "min", "sup", "inf", "det", "arcsin",
              "arccos", "arctan", "sinh", "cosh", "tanh", "coth", "sec", "csc", "arg", "deg", "dim", "gcd", "ker",
}  # fmt: skip
_OPERATORS = {"argmax", "argmin"}
_BRACES = {"⏟": "underbrace", "⏞": "overbrace", "→": "overrightarrow", "←": "overleftarrow"}
_NAME = re.compile(r"[A-Za-z]+")
_ACCENTS = {"̂": "hat", "̃": "tilde", "̄": "bar", "̅": "overline", "⃗": "vec", "̇": "dot", "̈": "ddot"}
_MAX_DEPTH = 60


def equation(element: "_Element", depth: int = 0) -> str:
    """An `oMath` element, or any part of one, as LaTeX.

    Args:
        element: The element.
        depth: How deep it is nested; what lies too deep is left out.
    """
    if depth > _MAX_DEPTH:
        return ""
    name = local(element)

    def part(*path: str) -> str:
        found = child(element, *path)
        return "" if found is None else equation(found, depth + 1)

    match name:
        case "t":
            return _text(element.text or "")
        case "f":
            if attribute(child(element, "fPr", "type"), "val") == "noBar":
                return rf"\genfrac{{}}{{}}{{0pt}}{{}}{{{part('num')}}}{{{part('den')}}}"
            return rf"\frac{{{part('num')}}}{{{part('den')}}}"
        case "sSup":
            return f"{part('e')}^{{{part('sup')}}}"
        case "sSub":
            return f"{part('e')}_{{{part('sub')}}}"
        case "sSubSup":
            return f"{part('e')}_{{{part('sub')}}}^{{{part('sup')}}}"
        case "sPre":
            return f"{{}}_{{{part('sub')}}}^{{{part('sup')}}}{part('e')}"
        case "rad":
            degree = part("deg")
            return rf"\sqrt{f'[{degree}]' if degree else ''}{{{part('e')}}}"
        case "nary":
            sign = attribute(child(element, "naryPr", "chr"), "val") or "∫"
            low, high = part("sub"), part("sup")
            return _text(sign) + (f"_{{{low}}}" if low else "") + (f"^{{{high}}}" if high else "") + part("e")
        case "d":
            return _fenced(element, depth)
        case "func":
            return f"{_function(part('fName'))}({part('e')})"
        case "groupChr":
            brace = attribute(child(element, "groupChrPr", "chr"), "val") or "⏟"
            return rf"\{_BRACES[brace]}{{{part('e')}}}" if brace in _BRACES else part("e")
        case "limLow":
            return f"{part('e')}_{{{part('lim')}}}"
        case "limUpp":
            return f"{part('e')}^{{{part('lim')}}}"
        case "acc":
            accent = attribute(child(element, "accPr", "chr"), "val") or "̂"
            return rf"\{_ACCENTS.get(accent, 'hat')}{{{part('e')}}}"
        case "bar":
            return rf"\overline{{{part('e')}}}"
        case "m":
            rows = (" & ".join(equation(cell, depth + 1) for cell in row if local(cell) == "e")
                    for row in element if local(row) == "mr")  # fmt: skip
            return r"\begin{matrix}" + r" \\ ".join(rows) + r"\end{matrix}"
        case "eqArr":
            return r" \\ ".join(equation(each, depth + 1) for each in element if local(each) == "e")
        case _ if name.endswith("Pr"):
            return ""
    return "".join(equation(each, depth + 1) for each in element)


def _fenced(element: "_Element", depth: int) -> str:
    properties = child(element, "dPr")
    left = attribute(child(properties, "begChr"), "val")
    right = attribute(child(properties, "endChr"), "val")
    inner = ",".join(equation(each, depth + 1) for each in element if local(each) == "e")
    return rf"\left{_fence(left, '(')}{inner}\right{_fence(right, ')')}"


def _fence(char: str | None, default: str) -> str:
    if char is None:
        return default
    return {"": ".", "{": r"\{", "}": r"\}"}.get(char, char)


def _function(text: str) -> str:
    """A function's name, with what stands below it, as LaTeX knows it."""
    name = _NAME.match(text.strip())
    word = name[0] if name else ""
    if word in _FUNCTIONS:
        return rf"\{text.strip()}"
    return rf"\operatorname{{{word}}}{text.strip()[len(word) :]}" if word in _OPERATORS else text


def _text(text: str) -> str:
    return "".join(_symbol(char) for char in text.replace("–", "-"))


def _symbol(char: str) -> str:
    if char.isascii() or (char.isalpha() and char not in _SYMBOLS and not _is_symbol(char)):
        return char
    name = _SYMBOLS.get(char)
    return rf" \{name} " if name else _further().get(char, char)


def _is_symbol(char: str) -> bool:
    """Whether a letter is one of mathematics: of the Greek alphabet, of letter-like signs, or of their styles."""
    return "\u0370" <= char <= "\u03ff" or "\u2100" <= char <= "\u214f" or "\U0001d400" <= char <= "\U0001d7ff"


@cache
def _further() -> dict[str, str]:
    """What LaTeX writes for the many signs that are rarer."""
    from pylatexenc.latexencode import get_builtin_uni2latex_dict

    known = get_builtin_uni2latex_dict()
    return {chr(code): f" {text[12:-1]} " for code, text in known.items() if text.startswith(r"\ensuremath{")}
