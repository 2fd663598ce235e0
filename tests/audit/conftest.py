"""An audit of a real database, and its owner's hands on it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from resources.audit.anchor import anchor_file
from resources.audit.entry import Entry, Outcome
from resources.audit.key import KeyRing
from resources.audit.verify import verify
from resources.audit.writer import AuditWriter
from resources.platform import Platform
from tests.conftest import Home

TRIGGERS = {"audit_log": ("audit_log_add", "audit_log_keep", "audit_log_drop"), "audit_segments": ("audit_segments_keep",)}


@dataclass
class Log:
    """The audit of a home."""

    home: Home
    platform: Platform

    @property
    def ring(self) -> KeyRing:
        return KeyRing.load(self.platform.settings)

    @property
    def superuser(self) -> str:
        return self.platform._embedded.url("postgres", "rage")

    def write(self, *actions: str, **given) -> None:
        """Entries, one a batch, as a process of its own writes them."""
        writer = AuditWriter(self.platform)
        for action in actions:
            writer.append(Entry(action, Outcome.ALLOWED, actor="user:ann", **given))
        writer.close()

    @contextmanager
    def owner(self, *, guarded: bool = False) -> Iterator[psycopg.Connection]:
        """The database's owner, who has taken the triggers away unless `guarded`."""
        url = self.platform.url("owner")
        with psycopg.connect(url, options="-c search_path=rage,public", autocommit=True) as connection:
            if guarded:
                yield connection
                return
            for verb in ("DISABLE", "ENABLE ALWAYS"):
                for table, names in TRIGGERS.items():
                    for name in names:
                        connection.execute(f"ALTER TABLE {table} {verb} TRIGGER {name}")
                if verb == "DISABLE":
                    yield connection

    def rows(self) -> list[tuple]:
        with self.owner(guarded=True) as connection:
            return connection.execute("SELECT seq, action, outcome, actor FROM audit_log ORDER BY seq").fetchall()

    def verify(self, **given):
        return verify(self.platform, self.ring, **given)

    def found(self, **given) -> list[tuple[int, str]]:
        """Where and what a verification finds wrong."""
        return [(each.seq, each.problem) for each in self.verify(**given).problems]


@pytest.fixture
def log(shared_home: Home) -> Iterator[Log]:
    """An empty audit with a key of its own."""
    platform = shared_home.platform("api")
    created = Log(shared_home, platform)
    _ = platform.database
    with created.owner() as connection:
        connection.execute("TRUNCATE audit_log, audit_segments")
    shutil.rmtree(anchor_file(shared_home.path).parent, ignore_errors=True)
    Path(shared_home.path / "keys" / "audit.key").unlink(missing_ok=True)
    yield created
    platform.close()


@pytest.fixture
def filled(log: Log) -> Log:
    """An audit of thirty entries."""
    writer = AuditWriter(log.platform)
    for number in range(30):
        writer.append(Entry("memory.search", Outcome.ALLOWED, actor="user:ann", details={"number": number}))
    writer.close()
    return log
