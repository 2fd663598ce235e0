"""Sets in the database: who sees them, what they refuse, and that they do not outgrow their history."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from resources.access import LOCAL_ADMIN, Caller, Role
from resources.errors import Conflict, Forbidden, InvalidInput, NotFound
from resources.evaluation.measurement import evaluate
from resources.evaluation.models import JudgedQuery, Judgement, Metrics, Result, check_queries
from resources.postgres import evaluation
from tests.evaluation.conftest import questions

pytestmark = pytest.mark.real
TABLES = ("evaluation_sets", "evaluation_queries", "evaluation_judgements", "evaluation_results")


@pytest.fixture(scope="module")
def measured(garden):
    garden.give("asked")
    platform = garden.home.platform()
    found = evaluate(platform, LOCAL_ADMIN, garden.name, "asked", ["hybrid", "vector", "lexical"])
    platform.close()
    return found


@pytest.fixture
def platform(garden):
    opened = garden.home.platform()
    yield opened
    opened.close()


def counts(connection):
    return [connection.execute(f"SELECT count(*) AS n FROM {table}").fetchone()["n"] for table in TABLES]


def test_a_measurement_tells_of_its_version_its_run_and_its_code(garden, measured):
    (live,) = garden.home.rows("SELECT live_index_version AS id FROM spaces WHERE id = %s", garden.id)
    assert {each.index_version for each in measured} == {live["id"]}
    assert len({each.run_id for each in measured}) == 1 and all(each.code_version and each.was_live for each in measured)
    assert all(each.metrics.ndcg_10 > 0.8 and 0 < each.metrics.p50_ms <= each.metrics.p95_ms for each in measured), measured
    assert all(set(each.per_query) == {query.id for query in questions()} for each in measured)
    assert [(each.missing, each.degraded) for each in measured] == [(0, [])] * 3


def test_administrators_alone_see_sets_and_results(garden, measured, platform):
    with platform.enter(garden.member(Role.ADMIN), garden.name) as (connection, _):
        assert counts(connection) == [1, 8, 8, 3]
    for role in (Role.READER, Role.INGESTOR):
        with platform.enter(garden.member(role), garden.name) as (connection, row):
            assert counts(connection) == [0, 0, 0, 0]
            assert evaluation.listing(connection, row["id"]) == []
        with pytest.raises(Forbidden):
            evaluate(platform, garden.member(role), garden.name, "asked", ["lexical"])


def test_an_administrator_of_another_space_sees_nothing_of_it(garden, measured, platform, plant):
    other = plant()
    caller = other.member(Role.ADMIN)
    with platform.enter(caller, other.name, Role.ADMIN) as (connection, _):
        assert counts(connection) == [0, 0, 0, 0]
        assert evaluation.history(connection, garden.id, "asked") == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            evaluation.create(connection, garden.id, "planted", questions(), created_by="user:thief")
    with pytest.raises(NotFound):
        evaluate(platform, caller, garden.name, "asked", ["lexical"])


def test_nobody_in_particular_sees_nothing(garden, measured, platform):
    with platform.database.transaction() as connection:
        assert counts(connection) == [0, 0, 0, 0]
    with platform.database.transaction(caller=Caller("user:nobody")) as connection:
        assert counts(connection) == [0, 0, 0, 0]


def test_the_pipeline_reads_results_of_its_space_and_no_query(garden, measured):
    rows = garden.home.rows("SELECT set_id FROM evaluation_results", space=garden.id)
    assert len(rows) == 3
    assert garden.home.rows("SELECT 1 AS one FROM evaluation_results", space=uuid4()) == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        garden.home.rows("SELECT text FROM evaluation_queries", space=garden.id)


def test_a_set_does_not_change(garden, measured, platform):
    with platform.enter(LOCAL_ADMIN, garden.name, Role.ADMIN) as (connection, row), pytest.raises(Conflict):
        evaluation.create(connection, row["id"], "asked", questions(), created_by="user:gardener")
    with (
        platform.enter(LOCAL_ADMIN, garden.name, Role.ADMIN) as (connection, row),
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("UPDATE evaluation_queries SET text = 'another question'")


def test_what_is_stored_is_what_was_given(garden, platform):
    given = [
        JudgedQuery(id="z", text="first ‘q’", judgements=[Judgement(path="ä/b.md", grade=3), Judgement(path="c", grade=0)]),
        JudgedQuery(id="a", text="second", judgements=[Judgement(path="d\te.md")]),
    ]
    garden.give("kept", given)
    with platform.enter(LOCAL_ADMIN, garden.name, Role.ADMIN) as (connection, row):
        set_id, info = evaluation.get(connection, row["id"], "kept")
        found = evaluation.queries_of(connection, set_id)
        assert (info.queries, info.judgements, info.origin) == (2, 3, "given")
        assert [(each.id, each.text, each.grades) for each in found] == [(e.id, e.text, e.grades) for e in given]
        evaluation.delete(connection, row["id"], "kept")
        with pytest.raises(NotFound):
            evaluation.get(connection, row["id"], "kept")


def result(number: int, at: datetime) -> Result:
    metrics = Metrics(ndcg_10=number / 100, recall_100=1, mrr_10=1, p50_ms=1, p95_ms=1)
    return Result(
        id=uuid4(),
        mode="hybrid",
        index_version=uuid4(),
        model="m",
        was_live=True,
        occasion="pipeline",
        run_id="r",
        code_version="1",
        measured_at=at,
        metrics=metrics,
        missing=0,
        degraded=[],
        per_query={"q": number / 100},
    )


def test_the_oldest_results_of_a_mode_go_when_there_are_many(garden, platform, monkeypatch):
    monkeypatch.setattr(evaluation, "KEPT_RESULTS", 5)
    garden.give("often")
    now = datetime.now(UTC)
    with platform.enter(LOCAL_ADMIN, garden.name, Role.ADMIN) as (connection, row):
        set_id, _ = evaluation.get(connection, row["id"], "often")
        for number in range(9):
            evaluation.save(connection, row["id"], set_id, 1, [result(number, now + timedelta(seconds=number))])
        kept = evaluation.history(connection, row["id"], "often")
        assert [each.per_query["q"] for each in kept] == [0.08, 0.07, 0.06, 0.05, 0.04]
        evaluation.delete(connection, row["id"], "often")
        evaluation.save(connection, row["id"], set_id, 1, [result(1, now)])  # deleted meanwhile: nothing is stored
        assert evaluation.history(connection, row["id"], "often") == []


def test_everything_of_two_weeks_is_kept_and_of_each_day_before_the_last_result_of_each_version(garden, platform):
    garden.give("busy")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    recent = [result(50, today - timedelta(days=day, hours=hour)) for day in range(14) for hour in range(0, 24, 6)]
    long_ago = [result(40 + hour, today - timedelta(days=30) + timedelta(hours=hour)) for hour in range(3)]
    other = result(30, today - timedelta(days=30) + timedelta(hours=1))
    long_ago = [each.model_copy(update={"index_version": long_ago[0].index_version}) for each in long_ago]
    with platform.enter(LOCAL_ADMIN, garden.name, Role.ADMIN) as (connection, row):
        set_id, _ = evaluation.get(connection, row["id"], "busy")
        evaluation.save(connection, row["id"], set_id, 1, [*recent, *long_ago, other])
        kept = evaluation.history(connection, row["id"], "busy", limit=1_000)
    assert {each.id for each in kept} == {each.id for each in [*recent, long_ago[-1], other]}


@pytest.mark.parametrize(
    ("queries", "said"),
    [
        ([], "no query"),
        ([JudgedQuery(id="a", text="t", judgements=[Judgement(path="p")])] * 2, "comes twice"),
        ([JudgedQuery(id="a", text="t", judgements=[Judgement(path="p"), Judgement(path="p", grade=2)])], "judges"),
        ([JudgedQuery(id="a", text="t", judgements=[Judgement(path="p", grade=0)])], "nothing to be found"),
    ],
)
def test_queries_that_make_no_set_are_refused(queries, said):
    with pytest.raises(InvalidInput, match=said):
        check_queries(queries)


@pytest.mark.parametrize("name", ["", "a/b", "../x", "a..b", "-a", "a-", "x" * 101, "a b", "ä"])
def test_names_that_would_be_no_part_of_a_url_are_refused(garden, platform, name):
    with platform.enter(LOCAL_ADMIN, garden.name, Role.ADMIN) as (connection, row), pytest.raises(InvalidInput):
        evaluation.create(connection, row["id"], name, questions(), created_by="user:gardener")
