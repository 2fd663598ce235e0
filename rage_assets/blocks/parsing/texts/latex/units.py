"""Units of measurement, as the package `siunitx` calls them."""

from collections.abc import Iterable

from rage_assets.blocks.parsing.texts.latex.symbols import symbol
from rage_assets.blocks.parsing.texts.latex.tokens import Token

_PREFIXES = {
    "yocto": "y", "zepto": "z", "atto": "a", "femto": "f", "pico": "p", "nano": "n", "micro": "µ", "milli": "m",
    "centi": "c", "deci": "d", "deca": "da", "deka": "da", "hecto": "h", "kilo": "k", "mega": "M", "giga": "G",
    "tera": "T", "peta": "P",
    "exa": "E", "zetta": "Z", "yotta": "Y", "kibi": "Ki", "mebi": "Mi", "gibi": "Gi", "tebi": "Ti",
}  # fmt: skip
_UNITS = {
    "ampere": "A", "candela": "cd", "kelvin": "K", "kilogram": "kg", "gram": "g", "metre": "m", "meter": "m", "mole": "mol",
    "second": "s", "becquerel": "Bq", "degreeCelsius": "°C", "celsius": "°C", "coulomb": "C", "farad": "F", "gray": "Gy",
    "hertz": "Hz", "henry": "H", "joule": "J", "katal": "kat", "lumen": "lm", "lux": "lx", "newton": "N", "ohm": "Ω",
    "pascal": "Pa", "radian": "rad", "siemens": "S", "sievert": "Sv", "steradian": "sr", "tesla": "T", "volt": "V",
    "watt": "W", "weber": "Wb", "astronomicalunit": "au", "bel": "B", "dalton": "Da", "day": "d", "decibel": "dB",
    "degree": "°", "electronvolt": "eV", "hectare": "ha", "hour": "h", "litre": "l", "liter": "L", "arcminute": "′",
    "minute": "min", "arcsecond": "″", "neper": "Np", "tonne": "t", "percent": "%", "angstrom": "Å", "bar": "bar",
    "bit": "bit", "byte": "B", "mmHg": "mmHg", "knot": "kn", "nauticalmile": "M",
    # with their prefixes
    "kg": "kg", "mg": "mg", "km": "km", "cm": "cm", "mm": "mm", "nm": "nm", "um": "µm", "ms": "ms", "us": "µs", "ns": "ns",
    "mV": "mV", "kV": "kV", "mA": "mA", "kW": "kW", "MW": "MW", "kHz": "kHz", "MHz": "MHz", "GHz": "GHz", "kJ": "kJ",
    "kPa": "kPa", "MPa": "MPa", "dB": "dB", "kWh": "kWh", "eV": "eV", "keV": "keV", "MeV": "MeV", "GeV": "GeV",
    "mL": "mL", "ml": "ml", "kohm": "kΩ",
}  # fmt: skip
_BEFORE = {"square": "²", "cubic": "³"}
_BEHIND = {"squared": "²", "cubed": "³"}


def unit(tokens: Iterable[Token]) -> str:
    r"""A unit as it is printed; of a name that nobody knows, the name.

    >>> unit([Token(text, 0) for text in ("\\kilo", "\\gram", "\\per", "\\cubic", "\\metre")])
    'kg/m³'
    """
    shown = power = ""
    for token in tokens:
        name = token.command
        if name == "per":
            shown = shown.rstrip() + "/"
        elif name in _BEFORE:
            power = _BEFORE[name]
        elif name in _BEHIND:
            shown = shown.rstrip() + _BEHIND[name] + " "
        elif name in _PREFIXES:
            shown += _PREFIXES[name]
        elif name:
            shown += (_UNITS.get(name) or symbol(name) or name) + power + " "
            power = ""
        elif token.text not in ("{", "}"):
            shown += token.text.replace(".", " ").replace("~", " ")
    return " ".join(shown.split())
