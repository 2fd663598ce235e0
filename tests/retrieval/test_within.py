"""Words and patterns within filters and rights, where far more passages hold them than are looked at."""

import pytest

from resources.access import Caller
from resources.postgres import search as reads
from resources.retrieval import tiers
from resources.retrieval.patterns import compile_pattern
from tests.retrieval.conftest import OWNER
from tests.retrieval.shelves import stocked

pytestmark = pytest.mark.real

BOB = Caller("user:bob")


@pytest.fixture(scope="module")
def shelves(platform_database, tmp_path_factory):
    with stocked(platform_database, tmp_path_factory.mktemp("lexical")) as shelves:
        yield shelves


def found(shelves, search, caller=OWNER, **filters):
    library = shelves.library

    def asked():
        raise AssertionError("no vector is needed")

    with library.enter(caller, library.name) as (connection, row):
        return search(
            tiers.Look(connection, reads.scope(row), reads.Narrowing(**filters), lambda *_: library.index, asked, 40)
        )


def within(shelves, source):
    return {row["id"] for row in shelves.rows if row["source"] == source}


@pytest.mark.parametrize("source", ["s2", "s3"])
def test_words_are_found_within_a_filter_however_many_hold_them_elsewhere(shelves, source, monkeypatch):
    monkeypatch.setattr(tiers, "_MOST_LEXICAL", 400)
    gathered = found(shelves, lambda look: tiers.gather(look, "passage", "lexical"), sources=[source])
    assert set(gathered.bm25) == set(gathered.candidates) == within(shelves, source)


def test_words_are_found_by_who_may_see_little_of_what_holds_them(shelves, monkeypatch):
    monkeypatch.setattr(tiers, "_MOST_LEXICAL", 400)
    gathered = found(shelves, lambda look: tiers.gather(look, "passage", "lexical"), BOB)
    assert set(gathered.bm25) == {row["id"] for row in shelves.rows if row["open"]}


def test_patterns_are_found_within_a_filter_however_many_hold_their_strings_elsewhere(shelves, monkeypatch):
    monkeypatch.setattr(tiers, "_MOST_PATTERN_CANDIDATES", 100)
    patterns = found(shelves, lambda look: tiers.by_pattern(look, compile_pattern(r"/passage \d+ of/")), sources=["s2"])
    assert set(patterns.ranked) == within(shelves, "s2") and not patterns.degraded
