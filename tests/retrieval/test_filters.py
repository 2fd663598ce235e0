"""The nearest passages within filters and rights, however few these leave; and how the index on vectors is built."""

from types import SimpleNamespace
from uuid import uuid4, uuid5

import numpy as np
import psycopg
import pytest
from psycopg.types.json import Jsonb

from resources.access import Caller
from resources.identity import text_hash
from resources.postgres import machine, neighbours, vectors
from resources.postgres import search as reads
from resources.postgres.database import copy_rows
from resources.retrieval import tiers
from resources.retrieval.patterns import compile_pattern
from tests.retrieval.conftest import OWNER, Library, WordEmbedder

pytestmark = pytest.mark.real

BOB = Caller("user:bob")
PASSAGES, TOGETHER, QUERIES, K = 3_000, 5, 8, 10
SHARES = (0.5, 0.1, 0.01, 0.001)


@pytest.fixture(scope="module")
def shelves(platform_database, tmp_path_factory):
    """Three thousand passages with an index on their vectors. Bob may read one document in fifty."""
    library = Library(platform_database, tmp_path_factory.mktemp("lexical"), WordEmbedder())
    chance = np.random.default_rng(7)
    points = unit(chance.normal(size=(60, 256)))[np.arange(PASSAGES) % 60] + chance.normal(scale=0.05, size=(PASSAGES, 256))
    points = unit(points).astype(np.float16).astype(np.float32)
    secret = uuid5(library.id, "secret")
    rows = fill(library, points, secret)
    with platform_database.api.transaction(caller=OWNER) as connection:
        connection.execute(
            "INSERT INTO entitlements (space_id, principal, role, granted_by) VALUES (%s, 'user:bob', 'reader', 'ada')",
            (library.id,),
        )
    with platform_database.worker.transaction(space=library.id) as connection:
        assert vectors.build(connection, library.version)
    queries = unit(points[chance.integers(PASSAGES, size=QUERIES)] + chance.normal(scale=0.04, size=(QUERIES, 256)))
    yield SimpleNamespace(library=library, points=points, rows=rows, queries=queries.astype(np.float32))
    library.index.close()


def unit(points):
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def fill(library, points, secret):
    """Writes the passages; gives each one's id, labels and whether it is secret."""
    sources = {name: library.source(name) for name in ("s0", "s1", "s2", "s3", "rest")}
    documents, passages, rows = [], [], []
    for number in range(len(points) // TOGETHER):
        # labels of documents lie anywhere; a language goes with the matter
        share = next((each for each in (3, 2, 1, 0) if number % round(1 / SHARES[each]) == 0), None)
        path = "".join(f"in{each}/" for each in range((share or 0) + 1) if share is not None) + f"{number}.md"
        source = "rest" if share is None else f"s{share}"
        document = uuid5(library.id, path)
        hidden = secret if number % 50 else None
        documents.append(
            (document, library.id, sources[source], path, 0, "live", "", "t/p", 1, 1, b"\0", uuid4(), "p", "r", "c", hidden)
        )
        for order in range(TOGETHER):
            at = number * TOGETHER + order
            text, kind = f"passage {at} of seven{at % 7}", "table" if share == 3 else "paragraph"
            language = "de" if at % 60 < 6 else "en"
            passage = uuid4()
            passages.append(
                (
                    passage,
                    library.id,
                    document,
                    sources[source],
                    uuid4(),
                    order,
                    [],
                    text,
                    text_hash(text),
                    library.version,
                    [],
                    [kind],
                    [language],
                    hidden,
                )
            )
            rows.append(
                {"id": passage, "path": path, "source": source, "type": kind, "language": language, "open": hidden is None}
            )
    with library.database.worker.transaction(space=library.id) as connection:
        connection.execute("SELECT rage_ensure_class(%s, %s, %s)", (secret, library.id, Jsonb([["user:carol"]])))
        columns = (
            "id",
            "space_id",
            "source_id",
            "path",
            "shard",
            "state",
            "title",
            "media_type",
            "size",
            "mtime_ns",
            "sha256",
        )
        copy_rows(
            connection, "documents", (*columns, "version_id", "parser", "run_id", "code_version", "access_id"), documents
        )
        columns = ("id", "space_id", "document_id", "source_id", "version_id", "order", "section", "text", "text_hash")
        copy_rows(
            connection, "passages", (*columns, "index_version", "block_ids", "types", "languages", "access_id"), passages
        )
        vectors.save(connection, library.id, library.version, [row[8] for row in passages], points)
    return rows


def recall(shelves, narrowing, within, caller=OWNER):
    """How much of the nearest that an exact search finds is found."""
    kept = np.array([within(row) for row in shelves.rows])
    hit = asked = 0
    with shelves.library.enter(caller, shelves.library.name) as (connection, row):
        where = reads.scope(row)
        for query in shelves.queries:
            best = [shelves.rows[at]["id"] for at in np.argsort(-(shelves.points @ query)) if kept[at]][:K]
            found = neighbours.nearest(connection, where, query, narrowing, 100)
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
            assert not neighbours.nearest(connection, reads.scope(row), shelves.queries[0], reads.Narrowing(**filters), 100)
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
        neighbours.nearest(connection, reads.scope(row), shelves.queries[0], reads.Narrowing(path_prefix="in0/"), 100)
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
