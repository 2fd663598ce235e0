from types import SimpleNamespace

import pytest

from rage_assets.raw.diff import diff, look
from rage_assets.raw.sources.protocol import SeenFile
from resources.errors import SourceUnreadable


def known(path, *, size=1, mtime=1, parser="p", q=None, retryable=False, attempts=1, requested=False, state="live"):
    row = {"path": path, "id": path, "size": size, "mtime_ns": mtime, "parser": parser, "sha256": b"", "state": state}
    empty = {
        "media_type": None,
        "q_size": None,
        "q_mtime_ns": None,
        "q_parser": None,
        "retryable": None,
        "retry_requested": None,
    }
    found = {
        "media_type": None,
        "q_size": 1,
        "q_mtime_ns": 1,
        "q_parser": "p",
        "retryable": retryable,
        "retry_requested": requested,
    }
    return row | {"q_reason": "broken" if q else None} | (found if q else empty) | {"attempts": attempts, "q_sha256": b""}


def kinds(seen, rows, max_attempts=3):
    return [(d.kind, d.seen.path if d.seen else d.known["path"]) for d in diff(seen, rows, lambda *_: "p", max_attempts)]


def test_a_file_nobody_knows_is_a_candidate():
    assert kinds([SeenFile("a", 1, 1)], []) == [("candidate", "a")]


def test_same_size_time_and_parser_is_unchanged():
    assert kinds([SeenFile("a", 1, 1)], [known("a")]) == [("unchanged", "a")]


def test_another_size_time_or_parser_is_a_candidate():
    for row in (known("a", size=2), known("a", mtime=2), known("a", parser="older")):
        assert kinds([SeenFile("a", 1, 1)], [row]) == [("candidate", "a")]


def test_known_paths_that_are_not_seen_are_removed_wherever_they_stand():
    found = kinds([SeenFile("b", 1, 1)], [known("a"), known("b"), known("c")])
    assert found == [("removed", "a"), ("unchanged", "b"), ("removed", "c")]


def test_a_document_in_quarantine_rests_until_its_bytes_change():
    assert kinds([SeenFile("a", 1, 1)], [known("a", q=True)]) == [("quarantined", "a")]
    assert kinds([SeenFile("a", 2, 1)], [known("a", q=True)]) == [("candidate", "a")]


def test_a_passing_failure_is_tried_again_with_a_bound():
    assert kinds([SeenFile("a", 1, 1)], [known("a", q=True, retryable=True, attempts=2)]) == [("candidate", "a")]
    assert kinds([SeenFile("a", 1, 1)], [known("a", q=True, retryable=True, attempts=3)]) == [("quarantined", "a")]


def test_a_person_may_ask_for_another_attempt():
    assert kinds([SeenFile("a", 1, 1)], [known("a", q=True, attempts=9, requested=True)]) == [("candidate", "a")]


def test_equal_differences_have_equal_fingerprints_and_others_not():
    def fingerprint(*files):
        return look(diff(files, [], lambda *_: "p", 3), "", lambda: False).fingerprint

    assert fingerprint(SeenFile("a", 1, 1)) == fingerprint(SeenFile("a", 1, 1))
    assert fingerprint(SeenFile("a", 1, 1)) != fingerprint(SeenFile("a", 1, 2))


def test_a_look_that_runs_out_of_time_says_where_to_go_on():
    clock = SimpleNamespace(left=2)

    def over():
        clock.left -= 1
        return clock.left <= 0

    files = [SeenFile(name, 1, 1) for name in "abcd"]
    first = look(diff(files, [], lambda *_: "p", 3), "", over)
    assert (first.differs, first.reached) == (True, "b")
    rest = look(diff(files, [known("c"), known("d")], lambda *_: "p", 3), first.reached, lambda: False)
    assert (rest.differs, rest.reached) == (False, "")
    late = look(diff(files, [], lambda *_: "p", 3), first.reached, lambda: True)
    assert (late.differs, late.reached) == (False, "")


def test_what_cannot_be_read_just_now_is_neither_removed_nor_changed():
    seen = [SeenFile("a.md", 0, 0, problem="503"), SeenFile("b/", 0, 0, problem="away"), SeenFile("b/new.md", 1, 1)]
    rows = [known("a.md"), known("b.md"), known("b/x.md"), known("b/y.md"), known("c.md")]
    assert kinds(seen, rows) == [
        ("unreadable", "a.md"),
        ("removed", "b.md"),
        ("unreadable", "b/"),
        ("candidate", "b/new.md"),
        ("unreadable", "b/x.md"),
        ("unreadable", "b/y.md"),
        ("removed", "c.md"),
    ]


def test_a_source_that_cannot_say_what_is_missing_loses_nothing():
    seen = [SeenFile("", 0, 0, problem="in part"), SeenFile("b.md", 1, 1)]
    found = [kind for kind, _ in kinds(seen, [known("a.md"), known("z.md")])]
    assert found == ["unreadable", "unreadable", "candidate", "unreadable"]


def test_two_files_of_one_name_are_one():
    """A name that is no text is shown as another file may be called."""
    seen = [SeenFile("\\xff.md", 1, 1, "first"), SeenFile("\\xff.md", 2, 2, "second"), SeenFile("b.md", 1, 1)]
    assert kinds(seen, [known("\\xff.md"), known("b.md")]) == [("unchanged", "\\xff.md"), ("unchanged", "b.md")]


def test_a_source_that_lists_its_files_out_of_order_removes_nothing():
    with pytest.raises(SourceUnreadable, match="order"):
        kinds([SeenFile("b", 1, 1), SeenFile("a", 1, 1)], [known("a"), known("b")])


def test_a_path_that_no_index_holds_is_named_and_not_taken_in():
    long = "d/" * 2000 + "a.md"
    (found,) = diff([SeenFile(long, 1, 1)], [], lambda *_: "p", 3)
    assert found.kind == "unreadable" and "2000 bytes" in found.seen.problem
