"""Brings a database to the schema of this code: by itself on the embedded server, by `rage migrate` elsewhere."""

from pathlib import Path

import psycopg
from psycopg import sql

from resources.errors import InvalidSettings, ServiceUnavailable

_LOCK = 0x52414745  # "RAGE": one migration at a time, whichever process starts it


def head() -> str:
    """The version of the schema that this code expects."""
    return max(_known_versions())


def schema_version(url: str) -> str | None:
    """The schema's version in the database at `url`, None where there is none yet.

    Raises:
        ServiceUnavailable: The database does not answer within five seconds.
    """
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            if connection.execute("SELECT to_regclass('rage.alembic_version')").fetchone() != (None,):
                row = connection.execute("SELECT version_num FROM rage.alembic_version").fetchone()
                return str(row[0]) if row else None
            return None
    except psycopg.OperationalError as error:
        raise ServiceUnavailable(
            f"The database does not answer: {str(error).strip().splitlines()[0]}.",
            hint="Check RAGE_DATABASE_URL and that the server runs.",
        ) from error


def _known_versions() -> set[str]:
    return {file.name.split("_")[0] for file in (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*.py")}


def check_schema(url: str) -> bool:
    """Whether the database at `url` has the schema of this code.

    Raises:
        InvalidSettings: The schema is newer than this code.
        ServiceUnavailable: The database does not answer.
    """
    version = schema_version(url)
    if version is not None and version not in _known_versions():
        raise InvalidSettings(
            f"The database has schema version {version}, which is newer than this code knows ({head()}).",
            hint="Install the newer RAGE, or use another RAGE_HOME or RAGE_DATABASE_URL; nothing was changed.",
        )
    return version == head()


def migrate(url: str) -> None:
    """Applies the migrations that are missing; safe to run twice at once.

    Raises:
        InvalidSettings: The schema is newer than this code, or the role may not create what is needed.
        ServiceUnavailable: The database does not answer.
    """
    check_schema(url)
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import NullPool, create_engine

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(url, options="-c search_path=rage,public"),
        poolclass=NullPool,
    )
    try:
        with psycopg.connect(url, autocommit=True) as guard:
            guard.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            _prepare(guard)
            with engine.connect() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                connection.commit()
            # PostgreSQL lets everybody execute a new function; here nobody may whom a migration does not name
            guard.execute("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA rage FROM PUBLIC")
            # whoever serves must know whether the schema is theirs, and needs no owner's login for it
            guard.execute("GRANT SELECT ON rage.alembic_version TO rage_api, rage_worker")
    except psycopg.errors.InsufficientPrivilege as error:
        raise InvalidSettings(
            f"The role of RAGE_DATABASE_URL may not migrate: {error.diag.message_primary}.",
            hint="docs/operations.md lists the rights that it needs.",
        ) from error
    finally:
        engine.dispose()


def _prepare(connection: psycopg.Connection) -> None:
    """Makes what migrations take for granted: the extension, the schema and the two roles without ownership."""
    connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    connection.execute("CREATE SCHEMA IF NOT EXISTS rage")
    for role in ("rage_worker", "rage_api"):
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
            # since PostgreSQL 16 whoever creates a role may not act as it until it says so
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))
