"""Numbers that belong to people: telephones, cards, accounts and national ids, as libraries recognise them.

A bare number of a log is far more often a size or a time than somebody's: what has no form of its own is masked only
where the words before it say what it is, or where it is parted as people write it.
"""

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import NamedTuple

import phonenumbers
from phonenumbers import Leniency

# Ours: ids, hashes and times. They part the text, and nothing inside them is looked at.
_OURS = re.compile(
    r"""\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b
    | \b[0-9a-f]{32,}\b
    | \b\d{4}-\d\d-\d\d(?:[T\s_]\d\d[:-]?\d\d(?:[:-]?\d\d(?:[.,]\d{1,9})?)?)?\s?(?:Z\b|UTC\b|[+-]\d\d:?\d\d\b)?
    | \b\d{8}T\d{6}Z?\b
    | \b\d{1,3}(?:\.\d{1,3}){3}\b(?!\.?\d)
    | (?<![\w.])[-+]?\d+\.\d+(?:e[-+]?\d+)?(?![\w.])
    | \b\d+(?:[.,]\d+)?\s?(?:bytes?|[kKMGTP]i?B|B|[mµn]?s|seconds|rows|characters|passages|documents|blocks|tokens)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_CARD = re.compile(r"(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w-])")
# The first digits that card networks have; a time in nanoseconds begins otherwise.
_NETWORKS = re.compile(r"4|5[0-8]|2(?:2[2-9]|[3-6]|7[01]|720)|3[4-9]|30|6")
_REGIONS = ("US", "GB", "DE", "FR", "IT", "ES", "NL", "PL", "CH", "AT")


class _Id(NamedTuple):
    """A kind of id: its form, what checks it, and words of which one must stand before a bare number."""

    form: re.Pattern[str]
    module: str
    words: str = ""
    mask: str = "[id]"


def _id(form: str, module: str, words: str = "", mask: str = "[id]") -> _Id:
    return _Id(re.compile(rf"(?<![\w.-])(?:{form})(?![\w-])", re.IGNORECASE), module, words, mask)


_IDS = (
    _id(r"[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}", "iban", mask="[iban]"),
    _id(r"\d{3}-\d{2}-\d{4}", "us.ssn"),
    _id(r"\d{9}", "us.ssn", "ssn|social security"),
    _id(r"\d{2} \d{3} \d{3} \d{3}", "de.idnr"),
    _id(r"\d{11}", "de.idnr", "steuer|idnr|tax id|tin"),
    _id(r"[12][ .]?\d{2}[ .]?\d{2}[ .]?(?:\d{2}|2[AB])[ .]?\d{3}[ .]?\d{3}[ .]?\d{2}", "fr.nir"),
    _id(r"\d{8}[ -]?[A-Z]", "es.dni"),
    _id(r"[XYZ][ -]?\d{7}[ -]?[A-Z]", "es.nie"),
    _id(r"[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]", "it.codicefiscale"),
    _id(r"\d{4}[ .]\d{2}[ .]\d{3}", "nl.bsn"),
    _id(r"\d{8,9}", "nl.bsn", "bsn|burgerservice|sofi"),
    _id(r"\d{11}", "pl.pesel", "pesel"),
    _id(r"756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}", "ch.ssn"),
    _id(r"\d{4} ?\d{6}", "at.vnr", "svnr|sozialversicherung|svn"),
    _id(r"\d{2}[. ]?\d{2}[. ]?\d{2}[- ]\d{3}[. ]?\d{2}", "be.nn"),
    _id(r"\d{6}[-+]\d{4}", "se.personnummer"),
    _id(r"\d{6}[-+A]\d{3}[0-9A-Y]", "fi.hetu"),
    _id(r"\d{3}[ -]\d{3}[ -]\d{4}", "gb.nhs", "nhs"),
    _id(r"\d{3}\.\d{3}\.\d{3}-\d{2}", "br.cpf"),
)
# The library knows no British national insurance number; its form is its own.
_NINO = re.compile(r"(?<!\w)(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)")


def mask_numbers(text: str) -> str:
    """The text with the numbers of people masked; ids, hashes, times, addresses of machines and sizes stay."""
    parts: list[str] = []
    end = 0
    for ours in _OURS.finditer(text):
        parts += [_masked(text[end : ours.start()]), ours.group()]
        end = ours.end()
    return "".join([*parts, _masked(text[end:])])


def _masked(text: str) -> str:
    if not re.search(r"\d\D{0,3}\d", text):
        return text
    for kind in _IDS:
        text = kind.form.sub(lambda found, kind=kind: _replaced(found, kind), text)  # type: ignore[misc]
    text = _NINO.sub("[id]", text)
    text = _CARD.sub(lambda found: "[card]" if _is_card(found.group()) else found.group(), text)
    return _without_phones(text)


def _replaced(found: re.Match[str], kind: _Id) -> str:
    said = found.string[max(0, found.start() - 40) : found.start()]
    if kind.words and not re.search(rf"\b(?:{kind.words})", said, re.IGNORECASE):
        return found.group()
    return kind.mask if _validator(kind.module)(found.group()) else found.group()


@cache
def _validator(name: str) -> Callable[[str], bool]:
    validator: Callable[[str], bool] = import_module(f"stdnum.{name}").is_valid
    return validator


def _is_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return bool(_NETWORKS.match(digits)) and len(set(digits)) > 1 and _validator("luhn")(digits)


def _without_phones(text: str) -> str:
    for region in (None, *_REGIONS) if re.search(r"\d[\s().\u00a0/-]{1,3}\d", text) else (None,):
        if region is None and "+" not in text:
            continue
        leniency = Leniency.VALID if region is None else Leniency.EXACT_GROUPING
        found = [match for match in phonenumbers.PhoneNumberMatcher(text, region, leniency) if _is_written(match.raw_string)]
        for match in reversed(found):
            text = f"{text[: match.start]}[phone]{text[match.end :]}"
    return text


def _is_written(number: str) -> bool:
    """Whether it is parted or marked as people do with telephone numbers; bare digits are anything."""
    return number.startswith("+") or len(re.findall(r"\d+", number)) >= 2
