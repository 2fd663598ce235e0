"""Masks in place of what identifies or opens: addresses and numbers of people, tokens, keys and passwords.

Strings without a sign of any of them, which are nearly all, pass after a quick look. Numbers are masked where a library
recognises them, and only in a form that nothing of ours has: ids, hashes, times and sizes stay readable.
"""

import re

REDACTED = "[redacted]"

_URL_PASSWORD = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]{0,30}://)(?P<user>[^\s/@:]{0,255}):[^\s/@]*@", re.IGNORECASE)
_HEADER = re.compile(r"\b(Bearer|Basic|DPoP)\s+(?!tokens?\b|auth[a-z]*\b)[A-Za-z0-9._~+/=-]+", re.IGNORECASE)
_NAMED = re.compile(
    r"""(?P<name>\b(?:password|passwd|pwd|passphrase|client_secret|secret|api[_-]?key|access_token|refresh_token|id_token
    |logout_token|token|sessionid|session_key|code_verifier|aws_secret_access_key)["']?\s{0,3}[=:]\s{0,3}["']?)
    (?!\[redacted\])(?!(?:Bearer|Basic)\s)[^\s"'&;,<>]+""",
    re.IGNORECASE | re.VERBOSE,
)
# What is issued with a prefix, so that scanners find it. The prefix stays: it says which key must be replaced.
_PREFIXED = re.compile(
    r"""(?<![A-Za-z0-9])(?P<prefix>
      rage_[a-z]{2,10}_ | eyJ(?=[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.) | A[KS]IA(?=[A-Z0-9]{16}) | gh[pousr]_(?=\w{20})
    | github_pat_
    | glpat- | xox[a-z]- | xapp- | sk-(?=[A-Za-z0-9_-]{20}) | [sr]k_(?:live|test)_ | AIza(?=[\w-]{30}) | ya29\.
    | hf_(?=\w{30}) | npm_(?=\w{30}) | pypi-(?=\w{16}) | SG\.(?=[\w-]{16}) | dop_v1_ | shpat_ | hvs\.(?=\w{20})
    )[A-Za-z0-9._~+/=-]{8,}""",
    re.VERBOSE,
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\Z)", re.DOTALL
)
# In small letters; one of them stands in everything that the patterns above find.
_SECRET_SIGNS = (
    "://", "bearer", "basic", "dpop", "pass", "pwd", "secret", "token", "key", "session", "verifier", "rage_", "eyj", "akia",
    "asia", "gh", "glpat", "xox", "xapp", "sk-", "k_live_", "k_test_", "aiza", "ya29", "hf_", "npm_", "pypi", "sg.", "dop_",
    "shpat", "hvs.",
)  # fmt: skip

_E_MAIL = re.compile(r"(?<![\w.%+-])(?<!://)(?!git@)\w[\w.%+'-]{0,63}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}\b")
# A run of at least six digits, however it is parted, or of an id that has letters between them.
_NUMBER_SIGN = re.compile(r"\d(?:[\s().\u00a0/-]{0,3}\d){5}|[A-Za-z]{6}\d{2}[A-Za-z]\d{2}[A-Za-z]\d{3}[A-Za-z]")


def mask(text: str) -> str:
    """The text with secrets, e-mail addresses, telephone, card and account numbers and national ids masked."""
    text = without_secrets(text)
    if "@" in text:
        text = _E_MAIL.sub("[e-mail]", text)
    if _NUMBER_SIGN.search(text):
        from resources.logs.numbers import mask_numbers  # loads recognisers of many countries

        text = mask_numbers(text)
    return text


def without_secrets(text: str) -> str:
    """The text with tokens, keys and passwords masked."""
    lowered = text.lower()
    for sign in _SECRET_SIGNS:  # a loop, because any() takes twice as long
        if sign in lowered:
            break
    else:
        return text
    if "PRIVATE KEY" in text:
        text = _PRIVATE_KEY.sub(REDACTED, text)
    text = without_password(text)
    text = _PREFIXED.sub(rf"\g<prefix>{REDACTED}", text)
    return _NAMED.sub(rf"\g<name>{REDACTED}", text)


def without_password(text: str) -> str:
    """The text with the passwords of its URLs and what stands in `Authorization` headers replaced."""
    return _HEADER.sub(rf"\1 {REDACTED}", _URL_PASSWORD.sub(rf"\g<scheme>\g<user>:{REDACTED}@", text))
