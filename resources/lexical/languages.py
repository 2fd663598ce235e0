"""What the analysis knows of languages: their scripts, their stemmers, and the words that only carry a sentence's form."""

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache

DEFAULT = "en"  # of texts whose language nobody could tell, and of code, whose names are mostly English
_STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "st": "sesotho",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
# tantivy ships these lists, Lucene's and Snowball's
_STOP_LISTS = ("da", "de", "es", "fi", "fr", "hu", "it", "nl", "no", "pt", "ru", "sv")
_SCRIPTS = {
    "latin": "A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff",
    "greek": "\u0370-\u03ff\u1f00-\u1fff",
    "cyrillic": "\u0400-\u052f\u1c80-\u1c8f\u2de0-\u2dff\ua640-\ua69f",
    "armenian": "\u0530-\u058f",
    "hebrew": "\u0590-\u05ff",
    "arabic": "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff",
    "devanagari": "\u0900-\u097f",
    "tamil": "\u0b80-\u0bff",
}
_LETTER = re.compile("|".join(f"(?P<{name}>[{letters}])" for name, letters in _SCRIPTS.items()))
# The language of a word of this script in a text of another; None where several share the script and none stands out.
_OF_SCRIPT: dict[str, str | None] = {
    "latin": DEFAULT,
    "greek": "el",
    "cyrillic": "ru",
    "armenian": "hy",
    "hebrew": None,
    "arabic": "ar",
    "devanagari": "hi",
    "tamil": "ta",
}
_OTHER_SCRIPTS = {
    "greek": {"el"},
    "cyrillic": {"ru", "sr", "uk", "bg", "be", "mk", "kk", "ky", "mn"},
    "armenian": {"hy"},
    "hebrew": {"he", "yi"},
    "arabic": {"ar", "fa", "ur", "ps", "ug"},
    "devanagari": {"hi", "ne", "mr"},
    "tamil": {"ta"},
}
_NOT_LATIN = set().union(*_OTHER_SCRIPTS.values()) - {"sr"} | {"zh", "ja", "ko", "th", "lo", "km", "my"}
# They carry the form of a question, not its matter. The index keeps them; a query goes without them.
_FORM_WORDS = {
    "en": """a about all also am an and any are as at be been being but by can could did do does doing for from get had has
    have having he her his how i if in into is it its just many may me might more most much must my no nor not of on or
    our shall she should so some such than that the their them then there these they this those to too us was we were
    what when where which while who whom whose why will with would you your""",
    "ar": "في من على إلى عن مع هو هي هم هذا هذه ذلك تلك التي الذي ما ماذا لا أن إن كان كانت كيف متى أين هل أو ثم قد كل بين",
    "hi": """का के की में है हैं को से पर और यह वह ये वे ने कि जो तो ही भी था थी थे एक क्या कैसे कब कहाँ कौन कितने कितना लिए गया हो
    होता होती करने नहीं या इस उस""",
}


def natural(languages: Iterable[str | None]) -> tuple[str, ...]:
    """Which of these are languages of people, as ISO 639-1 has them; names of programming languages are not."""
    return tuple(sorted({each for each in languages if each and len(each) == 2 and each.isascii() and each.islower()}))


def languages_of_word(word: str, languages: Iterable[str]) -> tuple[str, ...]:
    """Which of a text's languages may be a word's own, by its script; where none may, the script's own language."""
    script = script_of(word)
    return tuple(each for each in languages if writes(each, script)) or _fallback(script)


def languages_of_query_word(word: str, languages: Iterable[str]) -> tuple[str, ...]:
    """The same for a word of a query: the script's own language always among them, as any text may hold such words."""
    script = script_of(word)
    return tuple(dict.fromkeys((*_fallback(script), *(each for each in languages if writes(each, script)))))


def script_of(word: str) -> str:
    """The script of a word's first letter; that of a number is Latin."""
    found = _LETTER.search(word)
    if found is not None:
        return str(found.lastgroup)
    return "latin" if word.isascii() else "other"


def writes(language: str, script: str) -> bool:
    """Whether a language is written in a script."""
    if script == "latin":
        return language not in _NOT_LATIN
    return language in _OTHER_SCRIPTS.get(script, ())


def _fallback(script: str) -> tuple[str, ...]:
    language = _OF_SCRIPT.get(script)
    return (language,) if language else ("",)


@cache
def stemmer(language: str) -> Callable[[str], str]:
    """What gives a word's stem in a language; the word itself where nobody has written rules for it."""
    name = _STEMMERS.get(language)
    if name is None:
        return str
    import Stemmer

    # Without the cache of its own it is safe in threads, and the words are remembered already.
    return Stemmer.Stemmer(name, 0).stemWord  # type: ignore[no-any-return]


@lru_cache(maxsize=100_000)
def is_form_word(word: str, language: str) -> bool:
    """Whether a word, in lower case, carries only a sentence's form in a language."""
    language = "no" if language in ("nb", "nn") else language
    if language in _FORM_WORDS:
        return word in _form_words(language)
    return language in _STOP_LISTS and not _stop_filter(language)(word)


@cache
def _form_words(language: str) -> frozenset[str]:
    return frozenset(_FORM_WORDS[language].split())


@cache
def _stop_filter(language: str) -> Callable[[str], list[str]]:
    import tantivy

    name = _STEMMERS[language]
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw()).filter(tantivy.Filter.stopword(name)).build().analyze
