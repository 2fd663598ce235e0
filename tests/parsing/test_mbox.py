from pathlib import Path

import pytest

from rage_assets.blocks.parsing.mail import mbox
from tests.parsing.mail_samples import mail

LINE = b"From ann@lake.org Fri Dec 16 17:04:16 2022\n"


def box(*messages) -> bytes:
    return b"\n".join(LINE + (message if isinstance(message, bytes) else message.as_bytes()) for message in messages)


def test_each_message_is_a_child_named_by_its_subject(parse):
    document = parse(box(mail(Subject="The lake"), mail(Subject="Grüße: a/b"), mail(Subject="")), "a.mbox")
    assert [child.name for child in document.children] == ["0001 The lake.eml", "0002 Grüße a b.eml", "0003 message.eml"]
    assert parse(document.children[0].data, "a.eml").blocks[-1].text == "the lake is open."


def test_a_line_that_begins_with_from_parts_nothing(parse):
    text = b"Subject: a\n\nFrom the lake we came.\n\nFrom here on it is 10:00.\n\n>From all of us.\n"
    children = parse(box(text, mail()), "a.mbox").children
    assert len(children) == 2
    assert b"From the lake we came.\n" in children[0].data and b"\nFrom all of us." in children[0].data


def test_a_box_is_known_without_a_suffix(parse):
    document = parse(box(mail(), mail()), "Inbox")
    assert (document.media_type, len(document.children)) == ("application/mbox", 2)


def test_what_is_no_box_is_broken(reason):
    assert reason("No message here.\n", "a.mbox") == "broken"


def test_many_messages_do_not_stay_in_memory(parse, monkeypatch, tmp_path):
    monkeypatch.setattr(mbox, "_IN_MEMORY", 300)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    children = parse(box(mail(), mail(), mail()), "a.mbox").children
    assert isinstance(children[0].data, bytes) and isinstance(children[2].data, Path)
    assert b"the lake is open" in children[2].data.read_bytes()


@pytest.mark.parametrize(("bound", "value"), [("_MOST_MESSAGES", 1), ("_MOST_MESSAGE_BYTES", 50)])
def test_a_box_beyond_the_bounds_is_refused(reason, monkeypatch, bound, value):
    monkeypatch.setattr(mbox, bound, value)
    assert reason(box(mail(), mail()), "a.mbox") == "too_large"
