"""A request is followed into the run that it asked for, into what the run says in the database, and into the audit."""

from uuid import uuid4

import psycopg
import pytest

from rage_assets.ingest import run_ingest
from rage_assets.instance import open_instance
from rage_assets.partitions import REQUEST_TAG
from resources.access import LOCAL_ADMIN, Role
from resources.logs import log_context
from resources.postgres import runs

pytestmark = pytest.mark.real


def test_the_id_of_a_request_stands_on_its_run_and_in_the_audit(home, write):
    home.space(folder=write({"a.md": "# A\n\nText.\n"}))
    platform, job = home.platform(), uuid4()
    with log_context(request_id="asked-7"), platform.enter(LOCAL_ADMIN, "demo", Role.INGESTOR) as (connection, row):
        runs.queue(connection, job, row["id"], job="ingest", code_version="1", requested_by="user:ann")
        named = connection.execute("SELECT current_setting('application_name') AS name").fetchone()
    assert named["name"] == "rage asked-7"
    report = run_ingest(home.settings(), "demo", job_id=job)
    worker = home.platform("worker")
    with open_instance(worker) as instance:
        assert instance.get_run_by_id(report.run_id).tags[REQUEST_TAG] == "asked-7"
    worker.close()
    with psycopg.connect(platform.url("owner")) as owner:
        entries = owner.execute(
            "SELECT actor, details::jsonb ->> 'requested_by', target FROM rage.audit_log "
            "WHERE action = 'run.ingest' AND request_id = 'asked-7'"
        ).fetchall()
    assert entries == [("service:pipeline", "user:ann", f"run_id={report.run_id}")]
    platform.close()
