"""What logs hold, and what they never may."""

import io
import json
import logging
import sys

import pytest

from resources.errors import InvalidInput
from resources.logs import configure_logs, get_logger, log_context


@pytest.fixture
def lines(monkeypatch):
    """Configures logs for one test; gives what was written since."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    written = io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", written)
        configure_logs("INFO")
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)


def test_lines_are_json_with_the_context_whoever_writes_them(lines):
    with log_context(request_id="r-1", run_id="run-1"):
        get_logger("ours").info("something_happened", count=2)
        logging.getLogger("theirs").warning("it %s", "rains")
    logging.getLogger("theirs").debug("too quiet")
    ours, theirs = lines()
    assert (ours["event"], ours["count"], ours["request_id"], ours["run_id"]) == (
        "something_happened",
        2,
        "r-1",
        "run-1",
    )
    assert (theirs["event"], theirs["level"], theirs["logger"], theirs["request_id"]) == (
        "it rains",
        "warning",
        "theirs",
        "r-1",
    )


def test_secrets_and_texts_are_taken_out(lines):
    log = get_logger("ours")
    log.info("a", authorization="Bearer top-secret", headers={"Cookie": "top-secret"}, api_key="top-secret")
    log.info("b", url="postgresql://rage:top-secret@db/rage", note="sent Bearer top-secret to https://u:top-secret@h/")
    log.info("c", query="top-secret", quote="top-secret")
    logging.getLogger("theirs").info("connecting to %s", "redis://:top-secret@cache")
    written = lines()
    assert len(written) == 4
    assert "top-secret" not in json.dumps(written)
    assert written[1]["url"] == "postgresql://rage:[redacted]@db/rage"
    assert written[2]["query"] == "[10 characters]"


def test_an_exception_is_told_by_type_and_place_and_only_ours_by_message(lines):
    log = get_logger("ours")
    for error in (ValueError("quotes a document"), InvalidInput("The name is too long.")):
        try:
            raise error
        except Exception:
            log.exception("failed")
    theirs, ours = lines()
    assert (theirs["error"], "reason" in theirs) == ("ValueError", False)
    assert "quotes a document" not in json.dumps(theirs)
    assert theirs["frames"][0].endswith("only_ours_by_message")
    assert ours["reason"] == "The name is too long."


def test_personal_data_is_masked_whoever_writes_it_and_however_deep_it_stands(lines):
    log = get_logger("ours")
    log.info("a", note="write to max@example.com", nested={"who": ["max@example.com"], "max@example.com": 1})
    log.info("b", error_text=ValueError("max@example.com"), path="letters/max@example.com.pdf")
    logging.getLogger("theirs").info("mail from %s at %s", "max@example.com", "+49 30 901820")
    written = json.dumps(lines())
    assert written.count("[e-mail]") == 6
    assert "example.com" not in written
    assert "901820" not in written


def test_our_own_ids_and_numbers_stay_and_tokens_in_them_do_not(lines):
    token = "rage_key_" + "Zm9vYmFyYmF6cXV4"
    get_logger("ours").info(
        "a", request_id="4111111111111111", job_id="030-901820", size="030 901820", count=5500000000000004
    )
    get_logger("ours").info("b", request_id=f"x.{token}")
    first, second = lines()
    assert (first["request_id"], first["job_id"], first["size"]) == ("4111111111111111", "030-901820", "030 901820")
    assert first["count"] == 5500000000000004
    assert token not in json.dumps(second)


def test_a_reason_of_ours_that_quotes_the_caller_is_masked(lines):
    try:
        raise InvalidInput("The file name 'max@example.com' cannot be used.")
    except InvalidInput:
        get_logger("ours").exception("failed")
    assert lines()[0]["reason"] == "The file name '[e-mail]' cannot be used."


def test_a_line_is_never_longer_than_a_log_can_take(lines):
    get_logger("ours").info("a", note="x" * 1_000_000)
    assert len(json.dumps(lines()[0])) < 11_000
