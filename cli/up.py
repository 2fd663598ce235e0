"""`rage up`: everything on this machine, in the foreground."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from cli.output import json_option, note, print_json, say
from cli.ports import accepts, answers, base_url, check_free, free_port, near

if TYPE_CHECKING:
    from cli.supervisor import Child
    from resources.platform import Platform

_START_S = 180.0
_MODULE = "sensors.definitions"
_LOCAL = "127.0.0.1"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the API listens.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port of the API.")
@click.option("--dagster-port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port of Dagster's UI.")
@click.option("--no-dagster", is_flag=True, help="The API only; runs are processes that it starts.")
@json_option
def up(host: str, port: int, dagster_port: int, no_dagster: bool, as_json: bool) -> None:
    """Start everything that this machine hosts; Ctrl-C stops it."""
    from api.guards import check_guards
    from cli.session import opened
    from resources.settings import settings

    check_guards(settings(), host)
    with _until_told(), opened("worker") as platform, _alone(platform.settings.home) as record:
        check_free(host, port, "--port")
        if not no_dagster:
            check_free(_LOCAL, dagster_port, "--dagster-port")
        note("Starting; the first start of a new home takes some 30 s …")
        platform.ensure_schema()
        addresses = {"api": base_url(host, port, tls=platform.settings.tls_certificate is not None)}
        addresses |= {} if no_dagster else {"dagster": base_url(_LOCAL, dagster_port)}
        record.write_text(json.dumps({"pid": os.getpid(), **addresses}, indent=2))
        _supervise(platform, host, port, None if no_dagster else dagster_port, addresses, as_json)


def _supervise(
    platform: "Platform", host: str, port: int, dagster_port: int | None, addresses: dict[str, str], as_json: bool
) -> None:
    from cli.supervisor import Supervisor

    supervisor = Supervisor(note)
    try:
        dagster = _dagster(platform, dagster_port) if dagster_port else []
        api = _api(platform, host, port, addresses)
        supervisor.start(api, *dagster[:1])
        supervisor.wait_ready(api, _START_S)
        if not as_json:
            say(f"API      {(platform.settings.public_url or addresses['api']).rstrip('/')}/docs")
        if dagster:
            supervisor.wait_ready(dagster[0], _START_S)
            supervisor.start(*dagster[1:])
            for child in dagster[1:]:
                supervisor.wait_ready(child, _START_S)
            if not as_json:
                say(f"Dagster  {addresses['dagster']}")
        if as_json:
            print_json({"state": "ready", **addresses})
        else:
            say("Get a bearer token with `rage token`; stop everything with Ctrl-C.")
            sys.stdout.flush()
        while True:
            supervisor.tend()
            time.sleep(0.5)
    except KeyboardInterrupt:
        note("\nStopping …")
    finally:
        _deaf()  # a second Ctrl-C must not leave half of it running
        supervisor.stop()


def _api(platform: "Platform", host: str, port: int, addresses: dict[str, str]) -> "Child":
    from cli.supervisor import Child

    environment = {**os.environ, "RAGE_HOME": str(platform.settings.home)}
    if "dagster" in addresses:
        environment["RAGE_DAGSTER_URL"] = addresses["dagster"]
    return Child(
        "The API",
        [sys.executable, "-m", "api", "--host", host, "--port", str(port)],
        environment,
        platform.settings.home / "logs" / "api.log",
        # with TLS, its certificate need not be one for this address, so that it accepts is enough
        lambda: accepts(near(host), port) if platform.settings.tls_certificate else answers(f"{addresses['api']}/health"),
        grace_s=20.0,
    )


def _dagster(platform: "Platform", port: int) -> list["Child"]:
    """The code server first, then what asks it: the web server and the daemon share the one.

    None of them knows who calls, so they listen on this machine's own address, wherever the API does.
    """
    from cli.supervisor import Child
    from rage_assets.instance import prepare_instance

    home = platform.settings.home
    environment = {**os.environ, "RAGE_HOME": str(home), **prepare_instance(platform)}
    code_port = free_port(_LOCAL)
    workspace = home / "dagster" / "workspace.yaml"
    workspace.write_text(f"load_from:\n  - grpc_server: {{host: {_LOCAL}, port: {code_port}, location_name: rage}}\n")

    def child(name: str, log: str, ready: Any, *command: str) -> Child:
        return Child(name, [sys.executable, "-m", *command], environment, home / "logs" / log, ready)

    place = ("-w", str(workspace))
    return [
        child(
            "Dagster's code server",
            "dagster-code.log",
            lambda: accepts(_LOCAL, code_port),
            *("dagster", "api", "grpc", "-m", _MODULE, "--location-name", "rage", "-h", _LOCAL, "-p", str(code_port)),
        ),
        child("Dagster's daemon", "dagster-daemon.log", lambda: True, "dagster._daemon", "run", *place),
        child(
            "Dagster's web server",
            "dagster-web.log",
            lambda: answers(f"{base_url(_LOCAL, port)}/server_info"),
            *("dagster_webserver", "-h", _LOCAL, "-p", str(port), *place),
        ),
    ]


@contextmanager
def _alone(home: Path) -> Iterator[Path]:
    """Makes sure that no other `rage up` serves this home, as long as it lasts.

    Raises:
        Conflict: One does.
    """
    import fasteners

    from resources.errors import Conflict

    record = home / "up.json"
    lock = fasteners.InterProcessLock(home / ".up.lock")
    if not lock.acquire(blocking=False):
        try:
            running = json.loads(record.read_text())
        except (OSError, ValueError):
            running = {}
        raise Conflict(
            f"`rage up` serves RAGE_HOME={home} already: process {running.get('pid', 'unknown')}, "
            f"API at {running.get('api', 'an address that it has yet to say')}.",
            hint="Stop that one, or use another RAGE_HOME.",
        )
    try:
        yield record
    finally:
        record.unlink(missing_ok=True)
        lock.release()


@contextmanager
def _until_told() -> Iterator[None]:
    """Makes SIGTERM and a closed terminal mean the same as Ctrl-C, which a shell's `&` would have us ignore."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    yield


def _deaf() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
