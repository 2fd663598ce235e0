"""Numbers of sheets as their readers see them: dates, shares, money, thousands.

Plain numbers keep all their digits, whatever number of decimals a sheet shows.
"""

import math
import operator
import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import NamedTuple

_BUILT_IN: dict[int, str] = {
    3: "#,##0", 4: "#,##0.00", 5: "$#,##0", 6: "$#,##0", 7: "$#,##0.00", 8: "$#,##0.00", 9: "0%", 10: "0.00%",
    14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm", 19: "h:mm:ss", 20: "h:mm", 21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm", 37: "#,##0", 38: "#,##0", 39: "#,##0.00", 40: "#,##0.00", 41: "#,##0", 42: "$#,##0",
    43: "#,##0.00", 44: "$#,##0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss",
} | dict.fromkeys((*range(27, 32), 36, *range(50, 59)), "yyyy-mm-dd")  # fmt: skip
# Literals, colours and locales; what is left are the letters and digits of the form itself.
_LITERAL = re.compile(r'"([^"]*)"|\\(.)|[_*].')
_BRACKETS = re.compile(r"\[(?:\$([^\]-]*)[^\]]*|[^\]]*)\]")
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_DIGITS = re.compile(r"[#0?][#0?,]*(?:\.[#0?]*,*)?")
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?\d{1,15}(?:\.\d{1,15})?)\]")
_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "<>": operator.ne}
_ROUNDED = Context(prec=1000, rounding=ROUND_HALF_UP)  # as sheets do; room for every number and form that there is
_MONEY = re.compile(r"[$€£¥₹₽₩₺]|\b(?:EUR|USD|GBP|CHF|JPY|CNY|SEK|NOK|DKK|PLN|CZK|HUF|AUD|CAD|INR|kr|zł|Kč|Fr\.?)(?!\w)")
_PADDED = re.compile("0{2,20}")  # a postal code or another number that is a name
_LONGEST_FORM = 255
_LAST_DAY = 2_958_465  # 9999-12-31


class _Form(NamedTuple):
    """How one section of a number format shows a number."""

    kind: str  # general, date, elapsed, number, padded
    shows: str = ""  # of a date: the parts that it shows
    before: str = ""
    after: str = ""
    decimals: int = 0
    grouped: bool = False
    scale: int = 0  # the power of ten that the number is shown in
    condition: tuple[str, float] | None = None  # that a number must meet, as in [>=1000]


def built_in(number: int) -> str:
    """The format of an id below 164; that of dates without their order, which differs from country to country."""
    return _BUILT_IN.get(number, "General")


def shown(value: float, pattern: str, *, from_1904: bool = False) -> str:
    """A number in a format of a sheet.

    >>> shown(0.125, "0.0%"), shown(-1234.5, '#,##0.00 [$€-407]'), shown(45293, "d/m/yy"), shown(1.5, "0"), shown(9, "000")
    ('12.5%', '-1,234.50 €', '2024-01-02', '1.5', '009')
    """
    form = _form_for(value, _forms(pattern[:_LONGEST_FORM]))
    if form.kind == "date" and 0 <= value <= _LAST_DAY:
        return _date(value, form.shows, from_1904=from_1904)
    if form.kind == "elapsed":
        seconds = round(abs(value) * 86400)
        return f"{'-' if value < 0 else ''}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if form.kind == "padded":
        return f"{value:0{form.decimals}.0f}" if value == int(value) else plain(value)
    if form.kind == "number" and math.isfinite(value):
        exact = Decimal(f"{abs(value):.15g}").scaleb(form.scale)
        digits = f"{_ROUNDED.quantize(exact, Decimal((0, (1,), -form.decimals))):{',' if form.grouped else ''}f}"
        sign = "-" if value < 0 and any(char in "123456789" for char in digits) else ""
        return f"{sign}{form.before}{digits}{form.after}".strip()
    return plain(value)


def plain(value: float) -> str:
    """A number with the digits that it has, at most the fifteen that are exact."""
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.15g}"


def _form_for(value: float, sections: tuple[_Form, ...]) -> _Form:
    """The section for a number: by the conditions that sections have, else by its sign."""
    if any(form.condition for form in sections):
        met = (form for form in sections if form.condition and _COMPARE[form.condition[0]](value, form.condition[1]))
        others = (form for form in sections if not form.condition)
        return next(met, None) or next(others, _Form("general"))
    at = 1 if value < 0 else 2 if value == 0 else 0
    return sections[at] if at < len(sections) else sections[0]


@lru_cache(maxsize=4096)
def _forms(pattern: str) -> tuple[_Form, ...]:
    quoted = _LITERAL.sub(lambda match: match[0].replace(";", ","), pattern)
    return tuple(_form(each)._replace(condition=_condition(each)) for each in quoted.split(";")[:3])


def _condition(section: str) -> tuple[str, float] | None:
    found = _CONDITION.search(_LITERAL.sub("", section))
    return (found[1], float(found[2])) if found else None


def _form(section: str) -> _Form:
    bare = _BRACKETS.sub("", _LITERAL.sub("", section)).lower()
    if _ELAPSED.search(section):
        return _Form("elapsed")
    if "general" in bare or "@" in bare:
        return _Form("general")
    digits = _DIGITS.search(bare)
    if re.search("[ymdhs]", bare.replace("am/pm", "")) and not re.search("[#?]", bare):
        return _Form("date", shows=_parts_of_date(bare))
    if digits is None or "/" in bare or "e+" in bare or "e-" in bare:
        return _Form("general")
    if _PADDED.fullmatch(section):
        return _Form("padded", decimals=len(section))
    text = _BRACKETS.sub(lambda match: match[1] or "", section)
    text = _LITERAL.sub(lambda match: (match[1] or match[2] or " ").translate(_STAND_INS), text)
    around = _DIGITS.search(text)
    before, after = (text[: around.start()], text[around.end() :]) if around else ("", "")
    percent = "%" in bare
    whole, _, decimals = digits[0].partition(".")
    grouped = "," in whole.rstrip(",")
    if not (percent or grouped or _MONEY.search(before + after)) or _DIGITS.search(after):
        return _Form("general")
    thousands = len(digits[0]) - len(digits[0].rstrip(","))
    before, after = (part.translate(_BACK).replace("(", "").replace(")", "") for part in (before, after))
    return _Form("number", "", before.lstrip(" -+"), after.rstrip(), len(decimals.rstrip(",")), grouped,
                 2 * percent - 3 * thousands)  # fmt: skip


# Digits' signs that stand in a literal are no places for digits.
_STAND_INS = str.maketrans("#0?", "\ue000\ue001\ue002")
_BACK = str.maketrans("\ue000\ue001\ue002", "#0?")


def _parts_of_date(bare: str) -> str:
    year, day = "y" in bare, "d" in bare
    clock = "h" in bare or "s" in bare
    month = "mmm" in bare or (("y" in bare or "d" in bare) and "m" in bare)
    date = "date" if day or (month and not year) else "month" if month else "year" if year else ""
    return f"{date} {'time' if clock else ''}".strip()


def _date(value: float, shows: str, *, from_1904: bool) -> str:
    try:
        # Excel counts a 29 February 1900, so the days before it are one further on.
        start = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 31 if value < 60 else 30)
        moment = start + timedelta(seconds=round(value * 86400))
    except (OverflowError, ValueError):
        return plain(value)
    clock = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
    if shows.startswith("date") and (shows == "date" or clock == "00:00"):
        return moment.date().isoformat()
    return {"month": f"{moment:%Y-%m}", "year": f"{moment:%Y}", "time": clock}.get(
        shows, f"{moment.date().isoformat()} {clock}"
    )
