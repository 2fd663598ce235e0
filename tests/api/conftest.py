"""A query layer over a real database with a few documents in it, written the way the pipeline writes them."""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from psycopg.types.json import Jsonb

from resources.identity import block_id, document_id, passage_id, text_hash, version_id
from resources.postgres import runs, sources
from resources.sign_in.local import issue_token
from tests.conftest import Home, _new_home


@dataclass
class RecordingLauncher:
    """Stands where runs are launched, and remembers which."""

    launched: list[tuple[str, int, UUID]] = field(default_factory=list)
    deaths: dict[UUID, object] = field(default_factory=dict)
    closed: bool = False

    def launch_ingest(self, space, shards, job_id, on_death):
        self.launched.append((space, shards, job_id))
        self.deaths[job_id] = on_death

    def close(self):
        self.closed = True


@dataclass
class Memory:
    """A space with documents, as a run leaves it."""

    home: Home
    name: str
    space: UUID
    source: UUID
    run: UUID

    def add(self, path: str, *texts: str, state: str = "live") -> UUID:
        """A document with a paragraph for each text."""
        content = "\n\n".join(texts).encode()
        sha256 = hashlib.sha256(content).digest()
        document = document_id(self.source, path)
        version = version_id(document, sha256.hex(), "test/1")
        platform = self.home.platform("worker")
        platform.objects.put(self.space, sha256, io.BytesIO(content))
        with platform.database.transaction(space=self.space) as connection:
            connection.execute(
                "INSERT INTO documents (id, space_id, source_id, path, shard, state, title, media_type, size, "
                "mtime_ns, sha256, version_id, parser, run_id, code_version) "
                "VALUES (%s, %s, %s, %s, 0, %s, 'A title', 'text/markdown', %s, 0, %s, %s, 'test/1', %s, '1')",
                (document, self.space, self.source, path, state, len(content), sha256, version, f"dagster-{self.run}"),
            )
            place = (self.space, document, self.source, version)
            row = connection.execute("SELECT live_index_version AS id FROM spaces WHERE id = %s", (self.space,)).fetchone()
            index_version = row["id"]
            for order, text in enumerate(texts):
                block = block_id(document, [], "paragraph", order)
                connection.execute(
                    'INSERT INTO blocks (id, space_id, document_id, source_id, version_id, "order", type, text, '
                    "section, metadata, run_id, code_version) "
                    "VALUES (%s, %s, %s, %s, %s, %s, 'paragraph', %s, %s, %s, %s, '1')",
                    (block, *place, order, text, ["Top"], Jsonb({}), f"dagster-{self.run}"),
                )
                connection.execute(
                    'INSERT INTO passages (id, space_id, document_id, source_id, version_id, "order", section, text, '
                    "text_hash, block_ids, types, languages, index_version) "
                    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                    (
                        passage_id(version, index_version, order),
                        *place,
                        order,
                        ["Top"],
                        text,
                        text_hash(text),
                        [block],
                        ["paragraph"],
                        [],
                        index_version,
                    ),
                )
        platform.close()
        return document

    def quarantine(self, path: str, reason: str = "encrypted") -> UUID:
        """A document that could not be read."""
        document = document_id(self.source, path)
        platform = self.home.platform("worker")
        with platform.database.transaction(space=self.space) as connection:
            connection.execute(
                "INSERT INTO quarantine (document_id, space_id, source_id, path, shard, size, mtime_ns, parser, "
                "reason, detail, retryable, last_run_id) "
                "VALUES (%s, %s, %s, %s, 0, 7, 0, 'pdf/1', %s, 'It is.', false, %s)",
                (document, self.space, self.source, path, reason, f"dagster-{self.run}"),
            )
        platform.close()
        return document


@pytest.fixture(scope="session")
def api_home(models) -> Iterator[Home]:
    with _new_home(models) as created:
        yield created


@pytest.fixture
def memory(api_home: Home) -> Memory:
    """A space of its own for one test, with a source and a run."""
    name = f"space-{uuid4().hex[:12]}"
    space, run = api_home.space(name), uuid4()
    platform = api_home.platform("worker")
    with platform.database.transaction(space=space) as connection:
        source = sources.add(connection, space, name="files", kind="folder", location="/srv/files")
        runs.start(connection, run, space, f"dagster-{run}", job="ingest", code_version="1")
    platform.close()
    return Memory(api_home, name, space, source, run)


@pytest.fixture
def launcher() -> RecordingLauncher:
    return RecordingLauncher()


@pytest.fixture(scope="session")
def api_platform(api_home: Home):
    """The platform of the query layer; uploads are limited, so that the limit can be tested."""
    platform = api_home.platform("api", max_upload_bytes=50_000, dagster_url="http://dagster.example")
    yield platform
    platform.close()


@pytest.fixture
def app(api_platform, launcher) -> FastAPI:
    from api.app import create_app

    return create_app(api_platform, launcher)


@pytest.fixture
def anonymous(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client(app: FastAPI, api_home: Home) -> Iterator[TestClient]:
    """The local administrator's client."""
    token, _ = issue_token(api_home.path)
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(app, raise_server_exceptions=False, headers=headers) as client:
        yield client


def error_of(response, status: int, code: str) -> dict:
    """The error in an envelope, with its status and code as they should be."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert error["request_id"] == response.headers["x-request-id"]
    return error
