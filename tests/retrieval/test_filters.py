"""The nearest passages within filters and rights, however few these leave; and how the index on vectors is built."""

import numpy as np
import psycopg
import pytest

from resources.access import Caller
from resources.identity import text_hash
from resources.postgres import machine, neighbours, vectors
from resources.postgres import search as reads
from resources.postgres.within import Within
from resources.retrieval import tiers
from resources.retrieval.patterns import compile_pattern
from tests.retrieval.conftest import OWNER
from tests.retrieval.shelves import PASSAGES, SHARES, stocked, unit

pytestmark = pytest.mark.real

BOB = Caller("user:bob")
K = 10


@pytest.fixture(scope="module")
def shelves(platform_database, tmp_path_factory):
    with stocked(platform_database, tmp_path_factory.mktemp("lexical")) as shelves:
        yield shelves


def recall(shelves, narrowing, within, caller=OWNER):
    """How much of the nearest that an exact search finds is found."""
    kept = np.array([within(row) for row in shelves.rows])
    hit = asked = 0
    with shelves.library.enter(caller, shelves.library.name) as (connection, row):
        where = reads.scope(row)
        for query in shelves.queries:
            best = [shelves.rows[at]["id"] for at in np.argsort(-(shelves.points @ query)) if kept[at]][:K]
            found = neighbours.nearest(Within(connection, where, narrowing), query, 100)
            first = sorted(found, key=lambda each: -found[each].cosine)[:K]
            assert all(within(row) for row in shelves.rows if row["id"] in found)
            hit, asked = hit + len(set(best) & set(first)), asked + len(best)
    return hit / asked


FILTERS = [
    *(
        (f"path, {share}", {"path_prefix": "".join(f"in{n}/" for n in range(each + 1))}, "in" + str(each))
        for each, share in enumerate(SHARES)
    ),
    *((f"source, {share}", {"sources": [f"s{each}"]}, f"s{each}") for each, share in enumerate(SHARES)),
]


@pytest.mark.parametrize("way", ["as it comes", "by the index alone"])
@pytest.mark.parametrize(("filters", "label"), [case[1:] for case in FILTERS], ids=[case[0] for case in FILTERS])
def test_filters_of_any_selectivity_leave_the_best(shelves, filters, label, way, monkeypatch):
    if way == "by the index alone":
        monkeypatch.setattr(neighbours, "_among_few", lambda look: None)
    found = recall(shelves, reads.Narrowing(**filters), lambda row: label in (row["source"], *row["path"].split("/")))
    assert found >= 0.97


@pytest.mark.parametrize("way", ["as it comes", "by the index alone"])
@pytest.mark.parametrize(
    ("filters", "label"), [({"types": ["table"]}, "table"), ({"languages": ["de"]}, "de"), ({"languages": ["xx"]}, "xx")]
)
def test_labels_of_passages_leave_the_best(shelves, filters, label, way, monkeypatch):
    if way == "by the index alone":
        monkeypatch.setattr(neighbours, "_among_few", lambda look: None)
    if label == "xx":
        with shelves.library.enter(OWNER, shelves.library.name) as (connection, row):
            assert not neighbours.nearest(
                Within(connection, reads.scope(row), reads.Narrowing(**filters)), shelves.queries[0], 100
            )
        return
    assert recall(shelves, reads.Narrowing(**filters), lambda row: label in (row["type"], row["language"])) >= 0.97


@pytest.mark.parametrize("filters", [{}, {"languages": ["en"]}])
@pytest.mark.parametrize("way", ["as it comes", "by the index alone"])
def test_a_caller_who_may_see_little_finds_the_best_of_it(shelves, way, filters, monkeypatch):
    if way == "by the index alone":
        monkeypatch.setattr(neighbours, "_among_few", lambda look: None)
    narrowing = reads.Narrowing(**filters)
    assert recall(shelves, narrowing, lambda row: row["open"] and (not filters or row["language"] == "en"), BOB) >= 0.97


def test_without_filters_the_nearest_are_found(shelves):
    assert recall(shelves, reads.Narrowing(), lambda row: True) >= 0.97


def test_settings_of_a_look_do_not_outlive_it(shelves):
    with shelves.library.enter(OWNER, shelves.library.name) as (connection, row):
        neighbours.nearest(
            Within(connection, reads.scope(row), reads.Narrowing(path_prefix="in0/")), shelves.queries[0], 100
        )
        settings = connection.execute(
            "SELECT current_setting('enable_sort') AS sort, current_setting('enable_hashjoin') AS hashed, "
            "current_setting('rage.readable') AS readable"
        ).fetchone()
    assert (settings["sort"], settings["hashed"]) == ("on", "on") and str(shelves.library.id) in settings["readable"]


def test_what_lies_within_is_told_only_to_who_may_read_the_space(shelves, stranger):
    call = "SELECT rage_texts_within(%s, '{}', '{de}', '{}', NULL) AS found"
    with shelves.library.database.api.transaction(caller=Caller("user:mallory")) as connection:
        assert connection.execute(call, (shelves.library.version,)).fetchone()["found"] == []
    with shelves.library.enter(OWNER, shelves.library.name) as (connection, _):
        assert len(connection.execute(call, (shelves.library.version,)).fetchone()["found"]) == PASSAGES // 10


def look(shelves, connection, row, **filters):
    def no_index(*_):
        raise tiers.LexicalUnavailable("missing", "There is none.")

    return tiers.Look(connection, reads.scope(row), reads.Narrowing(**filters), no_index, lambda: shelves.queries[0], 10)


def test_a_scan_that_does_not_reach_the_end_says_so(shelves, monkeypatch):
    monkeypatch.setattr(tiers, "_MOST_SCANNED", 1_000)
    with shelves.library.enter(OWNER, shelves.library.name) as (connection, row):
        found = tiers.by_pattern(look(shelves, connection, row), compile_pattern("/seven3/"))
    assert tiers.PATTERN_SCAN_BOUNDED in found.degraded
    assert 0 < len(found.ranked) < PASSAGES // 7


def test_a_scan_ends_when_there_is_no_more_time(shelves, monkeypatch):
    monkeypatch.setattr(tiers, "_LEAST_SCANNED", 100)
    monkeypatch.setattr(tiers, "_SCAN_WHILE_S", 0.0)
    with shelves.library.enter(OWNER, shelves.library.name) as (connection, row):
        found = tiers.by_pattern(look(shelves, connection, row), compile_pattern(r"/\w3\b/"))
    assert tiers.PATTERN_SCAN_BOUNDED in found.degraded


def test_a_scan_ends_once_it_found_more_than_any_page_is_made_of(shelves, monkeypatch):
    monkeypatch.setattr(tiers, "_LEAST_SCANNED", 100)
    monkeypatch.setattr(tiers, "_SCAN_WHILE_S", 60.0)
    monkeypatch.setattr(tiers, "MOST_LOOKED_AT", 50)
    with shelves.library.enter(OWNER, shelves.library.name) as (connection, row):
        frequent = tiers.by_pattern(look(shelves, connection, row), compile_pattern(r"/\w \d/"))
        rare = tiers.by_pattern(look(shelves, connection, row), compile_pattern("/passage 1234 of/"))
    assert tiers.PATTERN_SCAN_BOUNDED in frequent.degraded and 50 <= len(frequent.ranked) <= 101
    assert tiers.PATTERN_SCAN_BOUNDED not in rare.degraded and len(rare.ranked) == 1


def test_a_scan_within_a_filter_looks_at_nothing_else(shelves, monkeypatch):
    monkeypatch.setattr(tiers, "_MOST_SCANNED", 40)
    with shelves.library.enter(OWNER, shelves.library.name) as (connection, row):
        found = tiers.by_pattern(look(shelves, connection, row, sources=["s2"]), compile_pattern(r"/\w \d/"))
    assert tiers.PATTERN_SCAN_BOUNDED not in found.degraded
    assert set(found.ranked) == {each["id"] for each in shelves.rows if each["source"] == "s2"}


def test_an_index_whose_build_was_ended_is_built_by_the_next(library):
    points = unit(np.random.default_rng(1).normal(size=(50, 256))).astype(np.float32)
    with library.database.worker.transaction(space=library.id) as connection:
        vectors.save(connection, library.id, library.version, [text_hash(str(at)) for at in range(50)], points)

    def ended():
        with library.database.worker.transaction(space=library.id) as connection:
            assert vectors.build(connection, library.version)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ended()
    with library.database.worker.transaction(space=library.id) as connection:
        assert vectors.build(connection, library.version)
        assert not vectors.build(connection, library.version)


def test_where_workers_cannot_share_memory_one_builds_alone(library, monkeypatch):
    given, built = [], vectors._built

    def small(connection, version, means):
        given.append(means.workers)
        if means.workers:
            raise psycopg.errors.DiskFull("could not resize shared memory segment")
        return built(connection, version, means)

    monkeypatch.setattr(vectors, "cores", lambda: 4)
    monkeypatch.setattr(vectors, "_built", small)
    with library.database.worker.transaction(space=library.id) as connection:
        assert vectors.build(connection, library.version)
    assert given == [3, 0]


def test_a_build_takes_a_quarter_of_the_machine_at_most(library, monkeypatch):
    monkeypatch.setattr(vectors, "_BYTES_OF_A_NODE", 1 << 40)
    monkeypatch.setattr(vectors, "memory", lambda: 1 << 30)
    with library.database.worker.transaction(space=library.id) as connection:
        vectors.save(connection, library.id, library.version, [b"x" * 32], np.ones((1, 256), np.float32))
        assert vectors._means(connection, library.version).memory == 1 << 28


def test_the_memory_of_a_container_is_its_limit(tmp_path):
    (tmp_path / "own").write_text("4:memory:/a/b\n0::/c\n")
    (tmp_path / "memory/a/b").mkdir(parents=True)
    (tmp_path / "memory/a/memory.limit_in_bytes").write_text("300000000\n")
    (tmp_path / "c").mkdir()
    (tmp_path / "c/memory.max").write_text("max\n")
    assert machine.memory(tmp_path, tmp_path / "own") == 300_000_000
    (tmp_path / "memory.max").write_text("200000000\n")
    assert machine.memory(tmp_path, tmp_path / "own") == 200_000_000
