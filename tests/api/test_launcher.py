"""Asking for runs: of a webserver that answers, else by a child process whose end is noticed."""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import pytest

from resources.dagster_client import RunLauncher
from resources.dagster_client.child import ChildRunner
from resources.dagster_client.launcher import run_tags
from resources.settings import Settings


class Webserver(ThreadingHTTPServer):
    """Answers like Dagster's, and remembers what it was asked."""

    def __init__(self):
        self.asked = []
        self.fail = 0
        self.refuse = False
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        server.asked.append(body)
        if server.fail:
            server.fail -= 1
            self.send_error(502)
            return
        if "addDynamicPartition" in body["query"]:
            data = {"addDynamicPartition": {"__typename": "DuplicateDynamicPartitionError"}}
        elif "launchRun" in body["query"]:
            answer = {"__typename": "LaunchRunSuccess", "run": {"runId": "r"}}
            data = {"launchRun": {"__typename": "PythonError", "message": "no"} if server.refuse else answer}
        else:
            data = {"runsOrError": {"__typename": "Runs", "results": []}}
        text = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def webserver():
    server = Webserver()
    yield server
    server.shutdown()
    server.server_close()


class Children:
    def __init__(self):
        self.ran = []

    def run(self, space, job_id, on_death):
        self.ran.append((space, job_id))

    def close(self):
        pass


def launch(tmp_path, url, shards=1):
    children, job_id = Children(), uuid4()
    RunLauncher(Settings(home=tmp_path, dagster_url=url), children).launch_ingest("s", shards, job_id, print)
    return children, job_id


def test_a_webserver_is_asked_for_the_partition_and_the_run(tmp_path, webserver):
    children, job_id = launch(tmp_path, webserver.url)
    partition, run = (body["variables"] for body in webserver.asked)
    assert partition["key"] == "s"
    assert run["params"]["selector"]["jobName"] == "ingest"
    tags = {tag["key"]: tag["value"] for tag in run["params"]["executionMetadata"]["tags"]}
    assert tags == run_tags("s", 1, job_id)
    assert not children.ran


def test_a_failing_webserver_is_asked_again_and_only_once_more_than_needed(tmp_path, webserver):
    webserver.fail = 1
    children, _ = launch(tmp_path, webserver.url)
    assert not children.ran
    assert sum("launchRun" in body["query"] for body in webserver.asked) == 1


@pytest.mark.parametrize("broken", ["absent", "failing", "refusing"])
def test_without_a_webserver_that_does_it_a_child_runs(tmp_path, webserver, broken):
    webserver.fail, webserver.refuse = (99 if broken == "failing" else 0), broken == "refusing"
    children, job_id = launch(tmp_path, "http://127.0.0.1:1" if broken == "absent" else webserver.url)
    assert children.ran == [("s", job_id)]


def test_the_tags_are_those_of_the_pipeline():
    from rage_assets import partitions

    job = uuid4()
    for shards in (1, 4, 64):
        assert run_tags("a-space", shards, job) == partitions.run_tags("a-space", shards, str(job))


def script(code):
    return (sys.executable, "-c", code)


def wait_for(condition, within_s=10):
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_child_that_ends_badly_is_noticed_and_the_next_has_its_turn(tmp_path):
    marker = tmp_path / "ran"
    code = f"import sys; open({str(marker)!r}, 'a').write(sys.argv[1] + ' '); sys.exit(sys.argv[1] == 'bad')"
    runner, deaths = ChildRunner(tmp_path, script(code)), []

    def crash(reason):
        deaths.append(reason)
        raise RuntimeError("the database is away")

    for space in ("bad", "bad", "good", "good"):
        runner.run(space, uuid4(), crash)
    wait_for(lambda: marker.exists() and marker.read_text().count("good") == 2)
    wait_for(lambda: len(deaths) == 2)
    assert deaths[0] == "The run's process ended with status 1."
    runner.close()


def test_closing_ends_children_and_tells_those_that_wait(tmp_path):
    runner, deaths = ChildRunner(tmp_path, script("import time; print('up', flush=True); time.sleep(60)")), []
    for _ in range(4):
        runner.run("s", uuid4(), deaths.append)
    wait_for(lambda: len(runner._running) == 2)
    began = time.monotonic()
    runner.close()
    assert time.monotonic() - began < 5
    wait_for(lambda: len(deaths) == 4)
    assert deaths.count("The server stopped before the run began.") == 2
