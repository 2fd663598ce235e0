"""A real server over a home with two spaces, and callers of every role: what fuzzing and injection are aimed at."""

import io
import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import uvicorn

from cli.ports import free_port
from resources.access import LOCAL_ADMIN, Role
from resources.postgres import members, runs, sources
from resources.sign_in.local import LocalIssuer, Person
from tests.api.conftest import Memory, RecordingLauncher
from tests.conftest import Home, _new_home

SPACE, HIDDEN = "fuzzed", "hidden"
CANARY = "zebrafinch-7f3a91"  # stands in the hidden space only
ROLES = ("no token", "reader", "key", "ingestor", "space admin", "platform admin")
_SPACE_ROLES = {"reader": Role.READER, "ingestor": Role.INGESTOR, "space admin": Role.ADMIN}
_UNLIMITED = "100000 per second"


@dataclass
class Target:
    """The server.

    Attributes:
        ids: Ids that exist, by the name of the parameter that takes them.
        log: What it logged so far.
    """

    home: Home
    url: str
    port: int
    launcher: RecordingLauncher
    ids: dict[str, list[str]]
    log: io.StringIO
    key: str = field(default="", repr=False)

    def token(self, role: str) -> str:
        """A token of a new sign-in; of an API key, the key."""
        if role == "key":
            return self.key
        person = Person(str(uuid4()), role, groups=(role,) if role in _SPACE_ROLES else ())
        if role == "platform admin":
            person = Person(LOCAL_ADMIN.principal.removeprefix("user:"), "local-admin", LOCAL_ADMIN.platform_role)
        return LocalIssuer(self.home.path).issue(person, str(uuid4()))[0]

    def headers(self, role: str) -> dict[str, str]:
        """What a caller of that role sends."""
        return {} if role == "no token" else {"Authorization": f"Bearer {self.token(role)}"}

    def client(self, role: str) -> httpx.Client:
        """A client for a caller of that role."""
        return httpx.Client(base_url=self.url, headers=self.headers(role), timeout=30)

    def events(self) -> list[dict]:
        """The lines of the log, each of which must be one JSON object."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


@pytest.fixture(scope="package")
def target(models, tmp_path_factory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("documents")
    with _new_home(models) as home:
        _fill(home, folder)
        _hide(home)
        platform = home.platform(
            max_upload_bytes=100_000,
            **{f"{kind}_limit": _UNLIMITED for kind in ("sign_in", "search", "ingest", "request")},
        )
        with platform.database.transaction(caller=LOCAL_ADMIN) as connection:
            space = connection.execute("SELECT id FROM spaces WHERE name = %s", (SPACE,)).fetchone()["id"]
            for name, role in _SPACE_ROLES.items():
                members.grant(connection, space, f"group:{name}", role, LOCAL_ADMIN.principal)
        launcher = RecordingLauncher()
        with _served(platform, launcher) as (port, log):
            found = Target(home, f"http://127.0.0.1:{port}", port, launcher, _ids(home) | {"location": [str(folder)]}, log)
            with found.client("platform admin") as client:
                made = client.post("/api/v1/keys", json={"name": "fuzz", "spaces": [SPACE], "role": "ingestor"})
                found.key, found.ids["key_id"] = made.json()["key"], [made.json()["id"]]
                asked = [{"text": "where do otters swim", "judgements": [{"path": "part-0/note-0.md"}]}]
                for name in found.ids["set_name"]:
                    made = client.post(f"/api/v1/spaces/{SPACE}/evaluation-sets", json={"name": name, "queries": asked})
                    assert made.status_code == 201
            yield found
        platform.close()


def _note(number: int) -> bytes:
    return f"# Note {number}\n\nThe otter number {number} swims in the river.\n\n- one\n- two\n\n`code {number}`\n".encode()


def _fill(home: Home, folder: Path) -> None:
    for number in range(12):
        file = folder / f"part-{number % 3}" / f"note-{number}.md"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(_note(number))
    (folder / "bad.pdf").write_bytes(b"%PDF-1.7")
    home.space(SPACE, folder)
    home.ingest(SPACE)


def _hide(home: Home) -> None:
    space, run = home.space(HIDDEN), uuid4()
    platform = home.platform("worker")
    with platform.database.transaction(space=space) as connection:
        source = sources.add(connection, space, name="files", kind="folder", location="/srv/files")
        runs.start(connection, run, space, f"dagster-{run}", job="ingest", code_version="1")
    platform.close()
    Memory(home, HIDDEN, space, source, run).add(f"{CANARY}.md", f"The {CANARY} nests in the attic.")


def _ids(home: Home) -> dict[str, list[str]]:
    def of(query: str) -> list[str]:
        return [str(row["id"]) for row in home.rows(query)]

    return {
        "receipt_id": [str(uuid4())],
        "document_id": of("SELECT id FROM documents UNION ALL SELECT document_id FROM quarantine"),
        "block_id": of("SELECT id FROM blocks"),
        "job_id": of("SELECT id FROM runs"),
        "set_name": [f"set-{number}" for number in range(20)],
    }


class _served:
    """The application behind the server's own protocol, in a thread, its log kept."""

    def __init__(self, platform, launcher: RecordingLauncher) -> None:
        from api.app import create_app
        from api.connections import bounded

        self.port = free_port("127.0.0.1")
        config = uvicorn.Config(
            create_app(platform, launcher),
            host="127.0.0.1",
            port=self.port,
            http=bounded(10, 1000),
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self) -> tuple[int, io.StringIO]:
        from resources.logs import configure_logs

        root = logging.getLogger()
        self.before = list(root.handlers), root.level
        log, kept, sys.stderr = io.StringIO(), sys.stderr, None
        sys.stderr = log
        try:
            configure_logs("INFO")
        finally:
            sys.stderr = kept
        self.thread.start()
        deadline = time.monotonic() + 60
        while not self.server.started:
            assert self.thread.is_alive() and time.monotonic() < deadline
            time.sleep(0.05)
        return self.port, log

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        root = logging.getLogger()
        root.handlers[:], level = self.before
        root.setLevel(level)
