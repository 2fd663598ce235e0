"""Dagster's storage in PostgreSQL, over connections that stay open.

Dagster's own opens a connection for each statement, some two hundred in a run: half of what a small run takes.
"""

from collections.abc import Mapping
from typing import Any, cast

from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage, PostgresEventLogStorage
from dagster_postgres.utils import pg_url_from_config
from sqlalchemy import create_engine

# Of a process: more are opened while many of its threads write at once.
_KEPT, _MORE = 1, 20
_RECYCLE_S = 600


class PooledPostgresStorage(DagsterPostgresStorage):
    """Runs, events and schedules over one pool of connections; a lost connection is noticed and replaced before its use.

    Args:
        postgres_url: Of Dagster's own database.
        should_autocreate_tables: Whether tables that are not there are made.
        inst_data: What Dagster makes it from in another process.
    """

    def __init__(
        self, postgres_url: str, should_autocreate_tables: bool = True, inst_data: ConfigurableClassData | None = None
    ) -> None:
        super().__init__(postgres_url, should_autocreate_tables, inst_data)
        self._event_log_storage = _EventLog(postgres_url, should_autocreate_tables=False)
        engine = create_engine(
            postgres_url,
            isolation_level="AUTOCOMMIT",
            pool_size=_KEPT,
            max_overflow=_MORE,
            pool_recycle=_RECYCLE_S,
            pool_pre_ping=True,
        )
        for storage in (self._run_storage, self._event_log_storage, self._schedule_storage):
            storage._engine = engine

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PooledPostgresStorage":
        """As Dagster makes it, from `dagster.yaml`."""
        url = pg_url_from_config(cast(Any, config_value))
        return cls(url, config_value.get("should_autocreate_tables", True), inst_data)


class _EventLog(PostgresEventLogStorage):
    def dispose(self) -> None:
        """Closes the connections of all three storages: an instance that ends disposes of this one last."""
        super().dispose()
        self._engine.dispose()
