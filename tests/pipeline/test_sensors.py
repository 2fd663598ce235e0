"""Sensors and schedules, ticked on a real ephemeral Dagster instance."""

import json
import os
import time
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from resources.access import LOCAL_ADMIN
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


def due(home, now):
    platform = home.platform("worker")
    try:
        return [request.run_key for request in schedules.requests(platform, now)]
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
