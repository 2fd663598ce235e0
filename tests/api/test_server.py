"""The query layer as a process: it starts, logs JSON, and stops when it is told to."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

from cli.ports import answers, free_port


def test_it_serves_logs_json_without_queries_and_stops_cleanly(api_home):
    port = free_port("127.0.0.1")
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-m", "api", "--port", str(port)],
        env={**os.environ, "RAGE_HOME": str(api_home.path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 30
        while not answers(f"{url}/health"):
            assert server.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        request = urllib.request.Request(f"{url}/health?query=my-secret", headers={"X-Request-ID": "r-1"})
        assert urllib.request.urlopen(request).headers["x-request-id"] == "r-1"
        assert not answers(f"{url}/api/v1/spaces?token=my-secret")
    finally:
        server.send_signal(signal.SIGTERM)
        _, log = server.communicate(timeout=15)
    assert server.returncode == 0
    assert str(server.pid) not in (api_home.path / "postgres" / ".handle_pids.json").read_text()
    events = [json.loads(line) for line in log.splitlines()]
    assert any(event["event"] == "request" and event["status"] == 401 and event["request_id"] for event in events)
    assert "my-secret" not in log


def test_an_address_that_others_can_reach_is_refused_while_there_is_no_sign_in(api_home):
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        command = [sys.executable, "-m", "api", "--host", host]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert done.returncode == 2
        assert "not an address of this machine alone" in done.stderr
