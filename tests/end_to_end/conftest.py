"""A real server on a home, and clients of it."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx

from cli.ports import answers, free_port
from resources.sign_in.local import issue_token
from tests.conftest import ROOT


@contextmanager
def served(home, **settings):
    """`python -m api` on a home with settings (`RAGE_…`); gives a client with the local administrator's token."""
    port = free_port("127.0.0.1")
    url = f"http://127.0.0.1:{port}"
    environment = (
        {k: v for k, v in os.environ.items() if not k.startswith("RAGE_")} | {"RAGE_HOME": str(home.path)} | settings
    )
    log = (home.path / "api.log").open("wb")
    process = subprocess.Popen([sys.executable, "-m", "api", "--port", str(port)], cwd=ROOT, env=environment, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while not answers(f"{url}/health"):
            assert process.poll() is None, (home.path / "api.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        token, _ = issue_token(home.path)
        with httpx.Client(base_url=url, timeout=60, headers={"Authorization": f"Bearer {token}"}) as client:
            yield client
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()
