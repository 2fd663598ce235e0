"""`rage up`: it starts what it says, restarts what dies, and leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import time

import psutil
import pytest

from cli.ports import answers, free_port
from tests.cli.conftest import RAGE

pytestmark = pytest.mark.real


@pytest.fixture
def up(cli_home):
    """Starts `rage up --no-dagster`; gives the process and the API's URL."""
    port = free_port("127.0.0.1")
    process = subprocess.Popen(
        [RAGE, "up", "--no-dagster", "--port", str(port)],
        env={**os.environ, "RAGE_HOME": str(cli_home.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process, f"http://127.0.0.1:{port}"
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def wait_for(condition, within_s=40):
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_it_serves_restarts_and_stops_without_orphans(up, rage_process, cli_home):
    process, url = up
    wait_for(lambda: answers(f"{url}/health"))
    second = rage_process("up", "--no-dagster")
    assert second.status == 2
    assert url in second.err
    record = json.loads((cli_home.path / "up.json").read_text())
    assert record == {"pid": process.pid, "api": url}
    (api,) = psutil.Process(process.pid).children()
    api.terminate()
    api.wait(5)
    wait_for(lambda: answers(f"{url}/health"))
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "starting it again" in out
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert not (cli_home.path / "up.json").exists()


def test_a_port_in_use_is_said_before_anything_starts(rage_process):
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = rage_process("up", "--no-dagster", "--port", str(other.getsockname()[1]))
    assert done.status == 3
    assert "--port" in done.err
