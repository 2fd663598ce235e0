"""Every command of the README, the quickstart and the guide to access, run as written, in a clean copy of this checkout."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.real
COMMAND = re.compile(r"^\$ (.+)$", re.MULTILINE)
RUNS_THESE_VERY_TESTS = {"make test"}
STAYS_UP = {"make run"}


def commands(document):
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)
    return [command for block in blocks for command in COMMAND.findall(block)]


def free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def checkout(tmp_path, models):
    """A copy of the tracked files with the installed environment linked into it, and a home of its own."""
    if not (free(8000) and free(3000)):
        pytest.skip("the ports of the documentation's commands (8000, 3000) are in use")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    copy = tmp_path / "rage"
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    (copy / ".venv").symlink_to(sys.prefix)
    (Path(sys.prefix) / ".installed").touch()  # what `make setup` would find: these tests run in that environment
    home = Path("/tmp") / f"rage-docs-{os.getpid()}"
    home.mkdir()
    (home / "models").symlink_to(models)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAGE_")}
    environment |= {"RAGE_HOME": str(home), "PYTHONPATH": str(copy)}
    yield copy, environment
    (copy / ".venv").unlink()
    shutil.rmtree(home, ignore_errors=True)


def run(script, checkout):
    copy, environment = checkout
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=copy, env=environment, capture_output=True, text=True, timeout=300
    )


def test_the_commands_of_the_readme_work_as_written(checkout):
    copy, environment = checkout
    found = commands("README.md")
    assert found[:2] == ["make run", "make test"]
    with (copy.parent / "up.log").open("w") as log:
        up = subprocess.Popen(
            ["bash", "-c", "exec make run"], cwd=copy, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(copy.parent / "up.log", "stop everything with Ctrl-C", up)
        shown = (copy.parent / "up.log").read_text()
        assert "A bad document is a row in quarantine with its reason. [1]" in shown
        assert "http://127.0.0.1:8000" in shown
        assert "http://127.0.0.1:3000" in shown
        for command in found:
            if command not in RUNS_THESE_VERY_TESTS | STAYS_UP:
                done = run(command, checkout)
                assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
                assert "Nothing was found" not in done.stdout, command
    finally:
        if up.poll() is None:
            os.killpg(up.pid, signal.SIGINT)
            up.wait(timeout=40)
    assert free(8000)
    assert free(3000)


@contextmanager
def left_running(checkout):
    """Stops, at the end, the `rage up` that commands left in the background."""
    _, environment = checkout
    try:
        yield
    finally:
        record = Path(environment["RAGE_HOME"]) / "up.json"
        if record.exists():
            os.kill(json.loads(record.read_text())["pid"], signal.SIGINT)
        deadline = time.monotonic() + 30
        while record.exists() and time.monotonic() < deadline:
            time.sleep(0.5)


def test_the_commands_of_the_quickstart_work_as_written(checkout):
    with left_running(checkout):
        done = run("\n".join(commands("docs/quickstart.md")), checkout)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_the_commands_of_the_guide_to_access_work_as_written(checkout):
    with left_running(checkout):
        done = run("\n".join(commands("docs/access.md")), checkout)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    # what anna is shown: all, then without the folder that a rule closes, then without the one that its own file closes
    assert re.findall(r'"path":"([^"]+)"', done.stdout) == ["hr/pay.md", "lunch.md", "lunch.md", "lunch.md"]
    assert "The audit is whole" in done.stdout


def wait_for(log, text, process, within_s=600):
    deadline = time.monotonic() + within_s
    while text not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.5)
