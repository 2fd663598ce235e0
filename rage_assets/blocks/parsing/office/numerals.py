"""Numbers as lists show them: digits, letters, Roman digits."""

_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
          (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_LARGEST_ROMAN = 3999
_LONGEST = 10


def numeral(value: int, form: str) -> str:
    """A number in the form of `1`, `a`, `A`, `i` or `I`; of another form as digits, without one empty.

    >>> numeral(4, "1"), numeral(27, "a"), numeral(4, "I"), numeral(1, "")
    ('4', 'aa', 'IV', '')
    """
    if form in ("a", "A") and value > 0:
        text = chr(ord("a") + (value - 1) % 26) * min((value - 1) // 26 + 1, _LONGEST)
    elif form in ("i", "I") and 0 < value <= _LARGEST_ROMAN:
        text = ""
        for worth, digits in _ROMAN:
            text += digits * (value // worth)
            value %= worth
    else:
        return str(value) if form else ""
    return text.upper() if form.isupper() else text
