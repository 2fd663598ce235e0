"""All parts of the platform, opened as configured. Everything that needs a store, an index or a model starts here."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from resources.access import Caller, Role
from resources.domain import Isolation
from resources.embedding import Embedder, open_embedder
from resources.encryption.keyring import Keyring
from resources.encryption.providers import Providers
from resources.errors import InvalidSettings, NotFound
from resources.lexical.protocol import LexicalIndex
from resources.objects.store import ObjectStore, default_url
from resources.postgres import rights, spaces
from resources.postgres.database import Connection, Database
from resources.postgres.embedded import EmbeddedPostgres, check_home
from resources.postgres.locks import SpaceLocks
from resources.postgres.migrate import check_schema, migrate
from resources.postgres.space_keys import SpaceKeys
from resources.reranking.stage import Reranking, configured_reranking
from resources.settings import Settings

T = TypeVar("T")


class Platform:
    """The parts, each opened on first use.

    Args:
        settings: What is configured.
        role: `worker` for the pipeline, `api` for those who read on behalf of a caller.
        pool_size: Least and most database connections.

    Attributes:
        locks: What this process holds of spaces, so that no other does.
    """

    def __init__(self, settings: Settings, role: str, pool_size: tuple[int, int] = (1, 4)) -> None:
        self.settings = settings
        self.role = role
        self._pool_size = pool_size
        self._lexical: dict[tuple[UUID, UUID], LexicalIndex] = {}
        self._embedders: dict[str, Embedder] = {}
        self.locks = SpaceLocks(lambda: self.database.dedicated())
        self._dedicated: dict[str, Database] = {}
        self._opening = threading.Lock()
        self._loading = threading.Lock()  # apart: a first conversion takes long
        check_home(settings.home)

    @cached_property
    def _embedded(self) -> EmbeddedPostgres | None:
        return None if self.settings.database_url else EmbeddedPostgres(self.settings.home)

    def url(self, role: str) -> str:
        """The database URL for `owner`, `worker`, `api` or `dagster` (Dagster's own database)."""
        if self._embedded:
            return self._embedded.url(f"rage_{role}", "dagster" if role == "dagster" else "rage")
        given = self.settings
        specific = {
            "worker": given.worker_database_url,
            "api": given.api_database_url,
            "dagster": given.dagster_database_url,
        }.get(role)
        if role == "dagster" and specific is None:
            raise InvalidSettings(
                "RAGE_DATABASE_URL is set, but RAGE_DAGSTER_DATABASE_URL is not.",
                hint="Dagster keeps its runs in a database of its own: create one and name it.",
            )
        assert given.database_url is not None
        return (specific or given.database_url).get_secret_value()

    @cached_property
    def database(self) -> Database:
        """The database in this platform's role, its schema checked.

        Raises:
            InvalidSettings: The schema is newer than this code, or `rage migrate` is due.
            ServiceUnavailable: The database does not answer.
        """
        self.ensure_schema()
        return Database(self.url(self.role), f"rage_{self.role}", self._pool_size).open()

    def ensure_schema(self) -> None:
        """Migrates the embedded database; elsewhere says when `rage migrate` is due."""
        self._ensure_schema(self.url("owner"))

    def _ensure_schema(self, owner: str) -> None:
        if check_schema(owner):
            return
        if not self._embedded:
            raise InvalidSettings("The database has not the schema of this code.", hint="Run `rage migrate` once.")
        migrate(owner)

    def dedicated_url(self, name: str, role: str) -> str:
        """The URL, for a role, of a database that one space has to itself.

        Raises:
            InvalidSettings: No database of that name is configured.
        """
        if self._embedded:
            return self._embedded.url(f"rage_{role}", f"space_{name}")
        given = self.settings.dedicated_database_urls
        urls = json.loads(given.get_secret_value()) if given else {}
        if name not in urls:
            raise InvalidSettings(
                f"RAGE_DEDICATED_DATABASE_URLS names no database {name!r}.", hint="Add its URL there, by that name."
            )
        return str(urls[name])

    def prepare_dedicated(self, name: str) -> None:
        """Makes the database of a dedicated space on the embedded server, and its schema; elsewhere checks the schema."""
        if self._embedded:
            self._embedded.create_database(f"space_{name}")
        owner = self.dedicated_url(name, "owner")
        if not check_schema(owner):
            migrate(owner)

    def empty_dedicated(self, name: str, space: UUID) -> None:
        """Removes a space from its own database; on the embedded server the database goes with it."""
        if not self._embedded:
            with self.content(name).transaction(space=space) as connection:
                spaces.delete(connection, space)
        with self._opening:
            database = self._dedicated.pop(name, None)
        if database is not None:
            database.close()
        if self._embedded:
            self._embedded.drop_database(f"space_{name}")

    def content(self, database: str | None) -> Database:
        """The database with a space's content: `database` as the space's row names it, None for the shared one.

        Raises:
            InvalidSettings: It is not configured.
            ServiceUnavailable: It does not answer.
        """
        if database is None:
            return self.database
        with self._opening:
            if database not in self._dedicated:
                self._ensure_schema(self.dedicated_url(database, "owner"))
                url = self.dedicated_url(database, self.role)
                self._dedicated[database] = Database(url, f"rage_{self.role}", (1, self._pool_size[1])).open()
            return self._dedicated[database]

    @contextmanager
    def enter(
        self, caller: Caller, space: str, least: Role = Role.READER, timeout_s: float = 0
    ) -> Iterator[tuple[Connection, dict[str, Any]]]:
        """A transaction of `caller` where the content of the space lies, and the space's row.

        Raises:
            NotFound: There is no such space, or the caller does not see it.
            Forbidden: The caller's role in it is less than `least`.
            ServiceUnavailable: Its database does not answer, or its key is not there.
        """
        with self.database.entered(caller, spaces.IDENTIFY, (space,), timeout_s=timeout_s) as (connection, found):
            row = self._admitted(found, space, least)
            if row["database"] is None:
                yield connection, row
                return
            carried = rights.of_transaction(connection, caller)
        with self.content(row["database"]).transaction(rights=carried, timeout_s=timeout_s) as connection:
            yield connection, row | spaces.identify(connection, space)

    def glance(self, caller: Caller, space: str, *, timeout_s: float = 0) -> dict[str, Any]:
        """The row that `enter` gives, for who needs no more: one round trip, unless the space is dedicated.

        Raises as `enter` does.
        """
        row = self._admitted(self.database.glance(caller, spaces.IDENTIFY, (space,), timeout_s=timeout_s), space)
        if row["database"] is None:
            return row
        with self.enter(caller, space, timeout_s=timeout_s) as (_, entered):
            return entered

    def _admitted(self, found: dict[str, Any] | None, space: str, least: Role = Role.READER) -> dict[str, Any]:
        """The row of a space in which the caller's role is at least `least`, and whose key is there."""
        row = spaces.found(found, space)
        rights.check_role(row["role"], least)
        if least is not Role.READER:
            spaces.check_still(row)
        if row["database"] is None and row["isolation"] == Isolation.ENCRYPTED:
            self.keyring.check(row["id"])
        return row

    @contextmanager
    def administer(self, caller: Caller, space: str, timeout_s: float = 0) -> Iterator[tuple[Connection, dict[str, Any]]]:
        """A transaction of an administrator of a space where its members are kept, and the space's row.

        Raises:
            NotFound: There is no such space, or the caller does not see it.
            Forbidden: The caller does not administer it.
        """
        spaces.check_name(space)
        with self.database.transaction(caller=caller, timeout_s=timeout_s) as connection:
            row = spaces.identify(connection, space)
            rights.check_role(row["role"], Role.ADMIN)
            yield connection, row

    def look(self, caller: Caller, act: Callable[[Connection], T], timeout_s: float = 0) -> T:
        """What `act` gives in the first database of the caller's spaces in which it finds what it looks for.

        Raises:
            NotFound: It finds it in none.
        """
        withdrawn = self.keyring.withdrawn()
        with self.database.transaction(caller=caller, timeout_s=timeout_s, withdrawn=withdrawn) as connection:
            try:
                with connection.transaction():
                    return act(connection)
            except NotFound as missing:
                elsewhere = spaces.dedicated_databases(connection)
                if not elsewhere:
                    raise
                carried, not_found = rights.of_transaction(connection, caller), missing
        for name in elsewhere:
            with self.content(name).transaction(rights=carried, timeout_s=timeout_s) as connection:
                try:
                    with connection.transaction():
                        return act(connection)
                except NotFound:
                    continue
        raise not_found

    @cached_property
    def objects(self) -> ObjectStore:
        """The store of raw bytes."""
        return ObjectStore(self.settings.object_store_url or default_url(self.settings.home), self.keyring)

    @cached_property
    def keyring(self) -> Keyring:
        """The keys of encrypted spaces."""
        return Keyring(SpaceKeys(lambda: self.database), Providers(self.settings))

    @property
    def embedder(self) -> Embedder:
        """The embedder of the configured model, which new spaces get; on a new home its conversion takes some 20 s."""
        return self.embedder_of(self.settings.embedding_model)

    def loaded_embedder(self, model: str = "") -> Embedder | None:
        """The embedder of a model, by default of the configured one; None while nobody has opened it."""
        return self._embedders.get(model or self.settings.embedding_model)

    def embedder_of(self, model: str) -> Embedder:
        """The embedder of a model by its name, opened once.

        Raises:
            InvalidSettings: There is no such model, or its files could run code.
        """
        found = self._embedders.get(model)
        if found is None:
            with self._loading:
                if model not in self._embedders:
                    self._embedders[model] = open_embedder(model, self.settings)
                found = self._embedders[model]
        return found

    @cached_property
    def reranker(self) -> Reranking | None:
        """The stage that reranks, where one is configured; its model is loaded by its `warm` or its first use."""
        return configured_reranking(self.settings)

    def lexical_path(self, space: UUID) -> Path:
        """Where the embedded lexical indexes of a space lie, a folder for each index version."""
        return self.settings.home / "lexical" / str(space)

    def lexical(self, space: UUID, version: UUID, *, create: bool = False) -> LexicalIndex:
        """The lexical index of a space's index version.

        Raises:
            LexicalUnavailable: It is missing (and `create` is false) or broken, or its server does not answer.
        """
        if (space, version) not in self._lexical:
            from resources.lexical.opening import open_lexical

            self._lexical[space, version] = open_lexical(self.settings, space, version, create=create)
        return self._lexical[space, version]

    def forget_lexical(self, space: UUID) -> None:
        """Closes the indexes of a space, so that the next use opens them anew."""
        for key in [key for key in self._lexical if key[0] == space]:
            self._lexical.pop(key).close()

    def destroy_lexical(self, space: UUID, version: UUID | None = None) -> None:
        """Removes the index of a space's index version, or all of its indexes, be they broken or whole.

        Raises:
            LexicalUnavailable: Its server does not answer, so that something may be left.
        """
        from resources.lexical.opening import destroy_lexical

        for key in [key for key in self._lexical if key[0] == space and version in (None, key[1])]:
            self._lexical.pop(key).close()
        destroy_lexical(self.settings, space, version)

    def close(self) -> None:
        """Closes what was opened, and lets go of the embedded server."""
        self.locks.close()
        for space in {space for space, _ in self._lexical}:
            self.forget_lexical(space)
        reranker = self.__dict__.get("reranker")
        if reranker is not None:
            reranker.close()
        for database in self._dedicated.values():
            database.close()
        self._dedicated.clear()
        if "database" in self.__dict__:
            self.database.close()
        if "_embedded" in self.__dict__ and self._embedded:
            self._embedded.close()
