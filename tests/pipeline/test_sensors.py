"""Sensors and schedules, ticked on a real ephemeral Dagster instance."""

import json
import os
import time
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from rage_assets.partitions import DUE_TAG
from resources.access import LOCAL_ADMIN
from resources.errors import ServiceUnavailable
from resources.postgres import sources
from sensors import schedules
from sensors.sources import evaluate

pytestmark = pytest.mark.real


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as created:
        yield created


def tick(instance, home, cursor=None, kind="folder", deadline=None):
    context = dg.build_sensor_context(instance=instance, cursor=cursor)
    platform = home.platform("worker")
    try:
        return evaluate(context, platform, kind, deadline or time.monotonic() + 20)
    finally:
        platform.close()


def keys(result):
    return [request.run_key for request in result.run_requests]


def test_a_new_file_asks_for_one_run_over_its_space(instance, home, write):
    home.space("demo", folder=write({"a.md": "# A\n\nText.\n"}))
    result = tick(instance, home)
    assert [request.tags["dagster/partition"] for request in result.run_requests] == ["00|demo"]
    assert all(request.tags.items() >= DUE_TAG.items() for request in result.run_requests)
    assert [request.partition_keys for request in result.dynamic_partitions_requests] == [["demo"]]


def test_nothing_new_asks_for_nothing(instance, home, write):
    home.space(folder=write({"a.md": "# A\n\nText.\n"}))
    home.ingest()
    assert keys(tick(instance, home)) == []


def test_a_change_a_removal_and_a_new_file_each_ask_for_a_run(instance, home, write):
    folder = write({"a.md": "# A\n\nText.\n", "b.md": "# B\n\nText.\n"})
    home.space(folder=folder)
    home.ingest()
    for change in (
        lambda: (folder / "a.md").write_text("# A\n\nOther text.\n"),
        lambda: (folder / "b.md").unlink(),
        lambda: write({"c.md": "# C\n\nText.\n"}),
    ):
        change()
        assert len(keys(tick(instance, home))) == 1


def test_the_same_differences_ask_under_the_same_key_and_others_under_another(instance, home, write):
    folder = write({"a.md": "# A\n\nText.\n"})
    home.space(folder=folder)
    first = tick(instance, home)
    assert keys(tick(instance, home, first.cursor)) == keys(first)
    write({"b.md": "# B\n\nText.\n"})
    assert keys(tick(instance, home, first.cursor)) != keys(first)


def test_a_source_that_cannot_be_read_asks_for_nothing_and_is_named(instance, home, write):
    folder = write({"a.md": "# A\n\nText.\n"})
    space = home.space(folder=folder)
    home.ingest()
    folder.rename(folder.with_name("away"))
    result = tick(instance, home)
    assert keys(result) == [] and "is not there" in result.skip_reason.skip_message
    assert "is not there" in home.rows("SELECT last_error FROM sources", space=space)[0]["last_error"]


def test_a_tick_without_time_left_goes_on_where_it_was(instance, home, write, tmp_path):
    home.space("one", folder=write({f"{n}.md": f"# {n}\n\nText {n}.\n" for n in range(5)}))
    first = tick(instance, home, deadline=time.monotonic() + 0.0001)
    second = tick(instance, home, first.cursor)
    assert len(keys(first) + keys(second)) >= 1
    assert set(json.loads(second.cursor).values()) == {""}


def test_a_document_in_quarantine_does_not_start_run_after_run(instance, home, write):
    home.space(folder=write({"empty.txt": b"", "good.md": "# A\n\nText.\n"}))
    home.ingest()
    assert keys(tick(instance, home)) == []


def test_a_source_with_a_schedule_is_left_to_it(instance, home, write):
    home.space(folder=write({"a.md": "# A\n\nText.\n"}), every=600)
    assert keys(tick(instance, home)) == []


def due(home, now, last=None):
    platform = home.platform("worker")
    try:
        return [request.run_key for request in schedules.requests(platform, now, lambda _: last)]
    finally:
        platform.close()


def test_a_source_with_a_schedule_runs_when_its_time_has_come(home, write):
    home.space(folder=write({"a.md": "# A\n\nText.\n"}), every=600)
    now = datetime.now(UTC)
    assert len(due(home, now)) == 1
    home.ingest()
    now = datetime.now(UTC)
    assert due(home, now) == []
    assert len(due(home, now + timedelta(minutes=11))) == 1


def test_a_source_that_fails_is_tried_again_after_its_time_and_not_every_minute(home, write):
    folder = write({"a.md": "# A\n\nText.\n"})
    home.space(folder=folder, every=600)
    home.ingest()
    folder.rename(folder.with_name("away"))
    later = datetime.now(UTC) + timedelta(minutes=11)
    assert len(due(home, later)) == 1
    failed = schedules.LastRun(is_over=True, asked_at=later)
    for minute in range(1, 10):
        assert due(home, later + timedelta(minutes=minute), failed) == []
    assert len(due(home, later + timedelta(minutes=10), failed)) == 1


def test_a_source_that_was_never_read_is_tried_at_once_and_then_after_its_time(home, write):
    home.space(folder=write({"a.md": "# A\n\nText.\n"}), every=600)
    now = datetime.now(UTC)
    before = schedules.LastRun(is_over=True, asked_at=now - timedelta(minutes=5))
    assert len(due(home, now, before)) == 1
    failed = schedules.LastRun(is_over=True, asked_at=now + timedelta(minutes=1))
    assert due(home, now + timedelta(minutes=2), failed) == []


def test_no_run_is_asked_for_while_one_goes_on(instance, home, write):
    home.space(folder=write({"a.md": "# A\n\nText.\n"}), every=600)
    home.ingest()
    later = datetime.now(UTC) + timedelta(hours=13)
    assert due(home, later, schedules.LastRun(is_over=False, asked_at=later - timedelta(hours=2))) == []
    going = dg.DagsterRun("ingest", tags={"rage/space": "demo"}, status=dg.DagsterRunStatus.STARTED)
    instance.add_run(going)
    going_on = schedules._last_run(instance, "demo")
    assert not going_on.is_over and abs(going_on.asked_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_sources_that_a_tick_does_not_reach_keep_their_place(instance, home, write, tmp_path):
    for name in ("one", "two"):
        home.space(name, folder=write({f"{name}/{n}.md": f"# {n}\n\nText {n}.\n" for n in range(5)}) / name)
    ids = [str(row["id"]) for row in home.rows("SELECT id FROM sources ORDER BY created_at")]
    cursor = json.dumps({ids[0]: "", ids[1]: "3.md", "a source that was removed": "x"})
    result = tick(instance, home, cursor, deadline=time.monotonic() - 1)
    assert json.loads(result.cursor) == {ids[0]: "", ids[1]: "3.md"}


def test_a_database_that_does_not_answer_hides_no_other_space(instance, home, write, monkeypatch):
    home.space("broken", folder=write({"x/a.md": "# A\n\nText.\n"}) / "x", every=600)
    home.space("demo", folder=write({"y/a.md": "# A\n\nText.\n"}) / "y", every=600)
    home.space("watched", folder=write({"z/a.md": "# A\n\nText.\n"}) / "z")
    real = sources.listing, sources.due
    broken = home.rows("SELECT id FROM spaces WHERE name = 'broken'")[0]["id"]

    def away(at):
        def ask(connection, space_id, *given):
            if space_id == broken:
                raise ServiceUnavailable("It does not answer.")
            return real[at](connection, space_id, *given)

        return ask

    monkeypatch.setattr(sources, "listing", away(0))
    monkeypatch.setattr(sources, "due", away(1))
    assert len(keys(tick(instance, home))) == 1
    assert len(due(home, datetime.now(UTC))) == 1


def test_a_space_that_nobody_looked_at_for_half_a_day_is_swept(home, write):
    home.space(folder=write({"a.md": "# A\n\nText.\n"}))
    home.ingest()
    now = datetime.now(UTC)
    assert due(home, now) == []
    assert len(due(home, now + timedelta(hours=13))) == 1


def test_a_removed_document_that_a_person_deleted_does_not_come_back(instance, home, write):
    folder = write({"a.md": "# A\n\nText.\n"})
    space = home.space(folder=folder)
    home.ingest()
    platform = home.platform()
    with platform.database.transaction(caller=LOCAL_ADMIN) as connection:
        (row,) = connection.execute("SELECT id FROM documents").fetchall()
        connection.execute("UPDATE documents SET state = 'removing'")
        receipt = connection.execute(
            "INSERT INTO receipts (id, space_id, document_id, path) VALUES (gen_random_uuid(), %s, %s, 'a.md') RETURNING id",
            (space, row["id"]),
        ).fetchone()["id"]
        connection.execute(
            "INSERT INTO exclusions (document_id, space_id, receipt_id) VALUES (%s, %s, %s)",
            (row["id"], space, receipt),
        )
    platform.close()
    assert home.ingest().documents.removed == 1
    os.utime(folder / "a.md")
    assert keys(tick(instance, home)) == []
    assert home.ingest().documents.new == 0
    assert home.rows("SELECT complete FROM receipts WHERE id = %s", receipt, space=space) == [{"complete": True}]
