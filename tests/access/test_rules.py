"""Which clauses the rules make of a path."""

from uuid import uuid4

import pytest
from pydantic import ValidationError

from resources.access.caller import group_names
from resources.access.rules import AccessFile, AccessRule, class_id, clauses_of, read_access_file
from resources.errors import InvalidInput


def rule(pattern, *groups):
    return AccessRule(pattern=pattern, groups=groups)


def test_without_a_matching_rule_a_document_is_for_all_members():
    assert clauses_of("a/b.md", [rule("hr/**", "hr")], []) == ()


def test_the_last_matching_pattern_decides():
    rules = [rule("hr/**", "hr"), rule("hr/public/**", "everyone"), rule("*.secret", "board")]
    assert clauses_of("hr/pay.md", rules, []) == (("group:hr",),)
    assert clauses_of("hr/public/leave.md", rules, []) == ()
    assert clauses_of("hr/public/x.secret", rules, []) == (("group:board",),)


def test_an_access_file_narrows_what_the_source_lets_in_and_never_opens_it():
    files = [
        AccessFile(folder="hr/", rules=(rule("**", "everyone"),)),
        AccessFile(folder="hr/pay/", rules=(rule("**", "payroll"),)),
    ]
    assert clauses_of("hr/pay/a.md", [rule("hr/**", "hr")], files) == (("group:hr",), ("group:payroll",))
    assert clauses_of("hr/a.md", [rule("hr/**", "hr")], files) == (("group:hr",),)
    assert clauses_of("elsewhere/a.md", [], files) == ()


def test_a_folder_of_a_similar_name_is_another_folder():
    assert clauses_of("hr-public/a.md", [], [AccessFile(folder="hr/", rules=(rule("**", "hr"),))]) == ()


def test_an_empty_list_of_groups_is_for_administrators_alone():
    assert clauses_of("a.md", [rule("**")], []) == ((),)


def test_names_are_groups_unless_they_say_otherwise():
    assert rule("**", "/hr", "user:1", "group:b", "key:k").clause == ("group:b", "group:hr", "key:k", "user:1")


def test_the_same_clauses_are_the_same_class_in_a_space_and_another_in_another():
    one, other = uuid4(), uuid4()
    clauses = (("group:hr",),)
    assert class_id(one, clauses) == class_id(one, clauses) != class_id(other, clauses)
    assert class_id(one, ()) is None


@pytest.mark.parametrize(
    "content",
    [
        b"groups: hr",
        b"[1, 2]",
        b"",
        b"rules: []",
        b"grups: [hr]",
        b"\xff\xfe",
        b"groups: [hr",
        b"x: !!python/object/apply:os.system ['true']",
        b"a" * 70_000,
        b"rules: [{pattern: '!a', groups: [b]}]",
        b"[" * 20_000,
    ],
)
def test_an_access_file_that_says_nothing_clear_is_an_error(content):
    with pytest.raises(InvalidInput):
        read_access_file(content)


def test_an_access_file_names_groups_for_the_folder_or_rules_for_parts_of_it():
    assert read_access_file(b"groups: [hr, board]") == (rule("**", "hr", "board"),)
    both = read_access_file(b"groups: [hr]\nrules:\n  - {pattern: 'open/**', groups: [everyone]}\n")
    assert [each.pattern for each in both] == ["**", "open/**"]


@pytest.mark.parametrize("pattern", ["", "!a", "#a", " ", "a\nb"])
def test_a_rule_has_one_positive_pattern(pattern):
    with pytest.raises(ValidationError):
        rule(pattern, "hr")


def test_a_group_stands_for_the_groups_above_it():
    assert group_names(["/a/b", "plain", "/a"]) == ("a", "a/b", "plain")
