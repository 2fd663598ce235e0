"""What every lexical engine keeps."""

import pytest

from resources.lexical.opening import destroy_lexical, remove_unread
from resources.lexical.protocol import LexicalUnavailable
from tests.lexical.conftest import an_id, found, passage


def test_a_word_is_found_by_its_stem(index):
    index.add([passage("a", "Invoices were cancelled"), passage("b", "nothing of note")])
    index.commit()
    assert found(index, "cancelling an invoice") == [an_id("a")]


def test_accents_and_case_do_not_matter(index):
    index.add([passage("a", "A naïve Café")])
    index.commit()
    assert found(index, "NAIVE cafe") == [an_id("a")]


def test_title_and_section_are_found_too(index):
    index.add([passage("a", "x", title="Warranty"), passage("b", "y", section="Travel policy")])
    index.commit()
    assert found(index, "warranty") == [an_id("a")]
    assert found(index, "travel") == [an_id("b")]


def test_a_title_within_the_text_does_not_count_twice(index):
    index.add([passage("a", "Warranty\n\nlong text here", title="Warranty"), passage("b", "Warranty\n\nlong text here")])
    index.commit()
    assert len({score for _, score in index.search("warranty", 2)}) == 1


def test_the_rarer_word_decides(index):
    index.add([passage(str(n), "common words here") for n in range(9)] + [passage("a", "common zanzibar here")])
    index.commit()
    hits = index.search("common zanzibar", 10)
    assert hits[0][0] == an_id("a")
    assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)


def test_k_bounds_the_hits(index):
    index.add([passage(str(n), "word") for n in range(9)])
    index.commit()
    assert len(index.search("word", 3)) == 3


@pytest.mark.parametrize(
    "query", ['"', "a AND (b", "text:word^9", "[a TO", "\\", "*", "++--", "", "\0", "🙂", "word " * 2_000, "日本"]
)
def test_no_character_is_syntax(index, query):
    index.add([passage("a", "word")])
    index.commit()
    assert set(found(index, query)) <= {an_id("a")}


def test_what_is_not_committed_is_not_seen(index, opener):
    index.add([passage("a", "word")])
    assert found(opener(), "word") == []


def test_a_reader_sees_the_commits_of_others(index, opener):
    reader = opener()
    index.add([passage("a", "word")])
    index.commit()
    assert found(reader, "word") == [an_id("a")]


def test_adding_again_replaces(index):
    index.add([passage("a", "old")])
    index.commit()
    index.add([passage("a", "new")])
    index.commit()
    assert (found(index, "old"), found(index, "new"), index.count()) == ([], [an_id("a")], 1)


def test_a_version_is_deleted_and_no_other(index):
    index.add([passage("a", "word", version="1"), passage("b", "word", version="2")])
    index.commit()
    index.delete_versions([an_id("1")])
    index.commit()
    assert found(index, "word") == [an_id("b")]


def test_a_document_is_deleted_with_all_its_versions(index):
    index.add([passage("a", "word", version="1"), passage("b", "word", version="2"), passage("c", "word", document="e")])
    index.commit()
    index.delete_documents([an_id("d")])
    index.commit()
    assert found(index, "word") == [an_id("c")]


def test_document_versions_counts_what_is_there(index):
    index.add([passage("a", "x"), passage("b", "y"), passage("c", "z", document="e", version="w")])
    index.commit()
    index.delete_documents([an_id("e")])
    index.commit()
    assert list(index.document_versions()) == [(an_id("d"), an_id("v"), 2)]


def test_candidates_hold_one_string_of_every_group_whatever_the_case(index):
    index.add([passage("a", "def Parse_Config(path)"), passage("b", "def parse_other(path)"), passage("c", "STRASSE")])
    index.commit()
    assert index.pattern_candidates([["parse_"], ["config("]], 10) == [an_id("a")]
    assert index.pattern_candidates([["straße"]], 10) == [an_id("c")]
    assert set(index.pattern_candidates([["other", "config"], ["parse"]], 10)) == {an_id("a"), an_id("b")}
    assert set(index.pattern_candidates([["ras", "oth"]], 10)) == {an_id("b"), an_id("c")}
    assert index.pattern_candidates([["ras", "oth"], ["xyz", "zyx"]], 10) == []


def test_only_passages_within_are_found_with_the_scores_they_have_without(index):
    index.add([passage(str(n), f"word number {n}") for n in range(9)])
    index.commit()
    scores = dict(index.search("word 3", 10))
    within = [an_id("3"), an_id("7"), an_id("of nothing")]
    assert index.search("word 3", 10, within=within) == [(each, pytest.approx(scores[each])) for each in within[:2]]
    assert found(index, "word 3", k=1, within=within) == [an_id("3")]
    assert found(index, "other", within=within) == found(index, "word", within=[]) == []


def test_a_thousand_times_as_many_may_be_within_as_are_found(index):
    index.add([passage(str(n), f"word number {n}") for n in range(20)])
    index.commit()
    within = [an_id(str(n)) for n in range(10, 20_010)]
    assert set(found(index, "word", k=30, within=within)) == {an_id(str(n)) for n in range(10, 20)}


def test_candidates_hold_a_string_whatever_white_space_is_in_it(index):
    texts = {"a": "as soon\r\n\tas possible", "b": "possible, soon: as can be"}
    index.add([passage(name, text) for name, text in texts.items()])
    index.commit()
    assert index.pattern_candidates([["soon as"]], 10) == [an_id("a")]
    assert index.pattern_candidates([["soon \n as"], ["  possible"]], 10) == [an_id("a")]


def test_only_candidates_within_are_given(index):
    index.add([passage(str(n), f"word number {n}") for n in range(9)])
    index.commit()
    within = [an_id("3"), an_id("7")]
    assert set(index.pattern_candidates([["number"]], 10, within=within)) == set(within)
    assert index.pattern_candidates([["ber 7"]], 10, within=within) == [an_id("7")]
    assert set(index.pattern_candidates([["w"]], 10, within=within)) == set(within)
    assert index.pattern_candidates([["number"]], 10, within=[]) == []


def test_short_literals_do_not_narrow(index):
    index.add([passage("a", "one"), passage("b", "two")])
    index.commit()
    assert set(index.pattern_candidates([["o"]], 10)) == {an_id("a"), an_id("b")}


def test_candidates_are_bounded(index):
    index.add([passage(str(n), "word") for n in range(9)])
    index.commit()
    assert len(index.pattern_candidates([["word"]], 4)) == 4


def test_a_missing_index_says_so(opener):
    with pytest.raises(LexicalUnavailable) as error:
        opener()
    assert error.value.reason == "missing"


def test_a_destroyed_index_says_so_to_its_readers(index, opener):
    reader = opener()
    index.destroy()
    with pytest.raises(LexicalUnavailable):
        reader.search("word", 1)


def test_an_index_that_is_being_made_outlives_the_end_of_the_one_that_is_read(index, opener):
    new = opener.beside()
    new.add([passage("a", "word")])
    destroy_lexical(opener.settings, opener.space, opener.version)
    opener(create=True)
    new.add([passage("b", "word")])
    new.take_place()
    assert set(found(opener(), "word")) == {an_id("a"), an_id("b")}


def test_an_index_that_is_gone_takes_nothing_in_and_does_not_come_back_by_itself(index, opener):
    index.add([passage("a", "word")])
    index.commit()
    new = opener.beside()
    remove_unread(opener.settings, opener.space, opener.version)
    for act in (lambda: new.add([passage("b", "word")]), new.take_place):
        with pytest.raises(LexicalUnavailable) as error:
            act()
        assert error.value.reason == "missing"
    assert found(opener(), "word") == [an_id("a")]


def test_an_index_made_anew_is_found_by_old_readers(index, opener):
    index.add([passage("a", "word")])
    index.commit()
    reader = opener()
    assert found(reader, "word") == [an_id("a")]
    index.destroy()
    again = opener(create=True)
    again.add([passage("b", "word")])
    again.commit()
    assert found(reader, "word") == [an_id("b")]
