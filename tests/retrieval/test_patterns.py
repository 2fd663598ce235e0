"""Pattern queries: what they match, what narrows them, and what is refused."""

import contextlib
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.errors import InvalidInput
from resources.lexical.grams import folded
from resources.retrieval.ambiguity import TooComplex, is_catastrophic
from resources.retrieval.patterns import compile_pattern

TEXT = "Étude in naïve style.\nThe invoice (no. 42*)\nwas due 2020-01-31; def parse_config(path):"


def matches(query, text=TEXT):
    return [text[a:b] for a, b in compile_pattern(query).spans(text)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("NAÏVE", ["naïve"]),
        ('"the invoice"', ["The invoice"]),
        ('"42*"', ["42*"]),
        ("(no. 42", ["(no. 42"]),
        ("42*) was", ["42*)\nwas"]),
        ("42*was", []),
        ('"42*) was"', ["42*)\nwas"]),
        ("inv*ce", ["invoice"]),
        ("parse_*(path", ["parse_config(path"]),
        ("invoice * 42", ["invoice (no. 42"]),
        (r"/\d{4}-\d{2}/", ["2020-01"]),
        ("/^the/", ["The"]),
        (r"/\)$/", [")"]),
        ("/étude/", ["Étude"]),
        ("/x*/", []),
        ("/(?i)DEF/", ["def"]),
    ],
)
def test_a_pattern_matches_the_text_as_written(query, expected):
    assert matches(query) == expected


@pytest.mark.parametrize(
    ("query", "groups"),
    [
        ('"The  Invoice"', [("the invoice",)]),
        ("inv*ce", [("inv",)]),
        (r"/def \w+\(self/", [("def ",), ("(self",)]),
        ("/(?:invoice){2,}/", [("invoiceinvoice",), ("invoice",)]),
        ("/(invoice)?/", []),
        (r"/\w+/", []),
        ("/Straße/", [("strasse",)]),
        ("/(foo|bar)baz/", [("foobaz", "barbaz")]),
        ("/colou?r/", [("colour", "color")]),
        ("/gr[ae]y/", [("gray", "grey")]),
        ("/(alpha.*beta|gamma)/", [("alpha", "gamma")]),
        ("/alpha|x/", []),
        ("/[^a]bcd/", [("bcd",)]),
        (r"/first\s+second/", [("first second",)]),
        (r"/first\s*second/", [("first second", "firstsecond")]),
        (r"/first\n {2,}\tsecond/", [("first second",)]),
        ("/first[ ,]+second/", [("first ", "first,"), (" second", ",second")]),
        ("to be", [("to be",)]),
        ("to* be", [(" be",)]),
        ("to * be or*not", [("to ",), (" be or",), ("not",)]),
        ("/ab?c?d?/", []),
    ],
)
def test_every_match_holds_one_string_of_each_group(query, groups):
    assert list(compile_pattern(query).required) == groups


def test_digits_in_a_row_narrow():
    (group,) = compile_pattern(r"/\d{3}/").required
    assert len(group) == 1000 and "042" in group


@pytest.mark.parametrize(
    "query",
    [
        "/a(/",
        "/[z-a]/",
        r"/(a)\1/",
        "/(?=a)b/",
        "/a{2000}/",
        "/((a{100}){100}){100}/",
        "//",
        "*",
        "* *",
        '""',
        "/a++/",
        "/" + "a" * 1001 + "/",
        "/" + "(" * 400 + "a" + ")" * 400 + "/",
    ],
)
def test_a_bad_expression_is_invalid(query):
    with pytest.raises(InvalidInput):
        compile_pattern(query)


@pytest.mark.parametrize(
    "expression",
    [
        r"(a+)+$",
        r"(a|a)*b",
        r"(a|aa)+$",
        r"(a*)*b",
        r"(\w+\s?)*$",
        r"(.*a){20}",
        r"(a?){30}a{30}",
        r"(a|ab|b)*c",
        r"(\pL+)+$",
        r"((ab)*)*c",
        r"(\d+|\w+)*x",
        r"(foo|foo)+",
        r"^(([a-z])+.)+[A-Z]([a-z])+$",
        r"(x+x+)+y",
    ],
)
def test_a_catastrophic_expression_is_refused(expression):
    with pytest.raises(InvalidInput, match="catastrophic"):
        compile_pattern(f"/{expression}/")


@pytest.mark.parametrize(
    "expression",
    [
        r"(\w+\s)*$",
        r"a.*b.*c",
        r"(foo|bar)+",
        r"(a{1,5}b){1,50}",
        r"[\w.]+@[\w.]+\.\w+",
        r'"[^"]*"(,"[^"]*")*',
        "a{1000}",
        r"([0-9a-f]{2}){16}",
        r"(\d{1,3}\.){3}\d{1,3}",
        r"(\s*\w+\s*,)*x",
        r"[[:alpha:]]+\z",
        r"(inter|in)ternal",
        r"(\d{10},)*",
    ],
)
def test_a_harmless_expression_is_accepted(expression):
    assert compile_pattern(f"/{expression}/")


PIECES = st.recursive(
    st.sampled_from(["a", "b", "ab", "[ab]", ".", "a?", r"\w"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("({0[0]}|{0[1]})".format),
        st.tuples(inner, st.sampled_from("*+?")).map("({0[0]}){0[1]}".format),
    ),
    max_leaves=5,
)


NARROWING = st.recursive(
    st.sampled_from(["abc", "straße", "é", "x", "[ab]", r"\d", r"\s", " ", r"\n", "[ ,]", ".", "K", "ſ", r"\b"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("(?:{0[0]}|{0[1]})".format),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{2,}", "{0,1}"])).map("(?:{0[0]}){0[1]}".format),
    ),
    max_leaves=7,
)


@settings(max_examples=300, deadline=None)
@given(NARROWING, st.data())
def test_no_match_is_without_what_is_required(expression, data):
    try:
        pattern = compile_pattern(f"/{expression}/")
    except InvalidInput:
        return
    made = data.draw(st.from_regex(re.compile(expression, re.IGNORECASE), fullmatch=True))
    for text in (made, made.upper(), f"a {made} b", f"a\r\n{made}\t", made.swapcase(), made.replace(" ", "\n  ")):
        if pattern.spans(text):
            assert all(any(each in folded(text) for each in group) for group in pattern.required)


@pytest.mark.parametrize(
    ("pattern", "text"), [("Ärger", "ÄRGER"), ("ΣΟΦΟΣ", "σοφος"), ("straße", "STRAẞE"), ("kelvin", "\u212aelvin")]
)
def test_case_does_not_matter_beyond_ascii(pattern, text):
    compiled = compile_pattern(pattern)
    assert compiled.spans(text)
    assert all(any(each in folded(text) for each in group) for group in compiled.required)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="aé ß\U0001f600b", max_size=40))
def test_as_many_are_counted_as_are_found(text):
    pattern = compile_pattern("/é|ß.|b+/")
    assert pattern.count(text) == len(pattern.spans(text))


@settings(max_examples=150, deadline=None)
@given(PIECES)
def test_what_is_accepted_does_not_explode_in_a_backtracking_matcher(expression):
    if is_catastrophic(expression):
        return
    program = re.compile(f"(?:{expression})[!]")
    for unit in ("a", "ab", "b"):
        started = time.perf_counter()
        program.match(unit * 24 + "?")
        assert time.perf_counter() - started < 0.5


def test_the_judgement_itself_is_bounded():
    started = time.perf_counter()
    for expression in ("(" + "|".join(f"w{n}.*x{n}" for n in range(60)) + ")+", "(?:" + "[a-z]?" * 120 + "x)+"):
        with contextlib.suppress(TooComplex):
            is_catastrophic(expression)
    assert time.perf_counter() - started < 3


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_any_query_compiles_or_is_invalid(query):
    for each in (query, f"/{query}/", f'"{query}"'):
        with contextlib.suppress(InvalidInput):
            compile_pattern(each).spans("some text")
