"""The command as people run it, in this process for speed; `rage_process` is the real thing."""

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Home, _new_home

RAGE = Path(sys.executable).with_name("rage")


@dataclass
class Result:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def json(self):
        """Its one JSON document."""
        return json.loads(self.out)


@pytest.fixture(scope="session")
def cli_home(models) -> Iterator[Home]:
    with _new_home(models) as created:
        yield created


@pytest.fixture
def rage(cli_home: Home, monkeypatch) -> Iterator[Callable[..., Result]]:
    """Runs a command: `rage("space", "list", RAGE_DEVICE="cpu")`. An unexpected error is raised here."""
    from cli.main import main
    from resources.settings import settings

    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level

    def run(*arguments: str, **environment: str) -> Result:
        settings.cache_clear()
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        with monkeypatch.context() as patched:
            for name, value in {"RAGE_HOME": str(cli_home.path), **environment}.items():
                patched.setenv(name, value)
            patched.setattr(sys, "stdout", out)
            patched.setattr(sys, "stderr", err)
            with pytest.raises(SystemExit) as end:
                main(list(arguments))
        for stream in (out, err):
            stream.flush()
        return Result(int(end.value.code or 0), out.buffer.getvalue().decode(), err.buffer.getvalue().decode())

    yield run
    settings.cache_clear()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def rage_process(cli_home: Home) -> Callable[..., Result]:
    """Runs a command in a process of its own."""

    def run(*arguments: str) -> Result:
        done = subprocess.run(
            [RAGE, *arguments],
            env={**os.environ, "RAGE_HOME": str(cli_home.path)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return run
