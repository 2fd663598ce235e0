"""Which engine keeps the lexical indexes: Elasticsearch where one is configured, else tantivy under `RAGE_HOME`."""

import shutil
from pathlib import Path
from uuid import UUID

from resources.lexical.protocol import LexicalIndex, NewLexicalIndex
from resources.settings import Settings


def engine_of(settings: Settings) -> str:
    """The engine's name: `elasticsearch` or `tantivy`."""
    return "elasticsearch" if settings.elasticsearch_url else "tantivy"


def open_lexical(settings: Settings, space: UUID, version: UUID, *, create: bool = False) -> LexicalIndex:
    """Opens the index of a space's index version in the configured engine.

    Args:
        settings: Which engine, and where.
        space: The space.
        version: The index version.
        create: Whether to make it where it is missing.

    Raises:
        LexicalUnavailable: It is missing, broken, of another format, or the engine does not answer.
    """
    if settings.elasticsearch_url:
        from resources.lexical.elasticsearch_index import ElasticsearchIndex
        from resources.lexical.elasticsearch_server import server_of

        return ElasticsearchIndex(server_of(settings), space, version, create=create)
    from resources.lexical.tantivy_index import TantivyIndex

    return TantivyIndex(folder_of(settings, space, version), create=create)


def open_beside(settings: Settings, space: UUID, version: UUID) -> NewLexicalIndex:
    """An empty index that nobody reads until its `take_place` puts it where `open_lexical` finds it.

    Raises:
        LexicalUnavailable: The engine does not answer.
    """
    if settings.elasticsearch_url:
        from resources.lexical.elasticsearch_index import ElasticsearchIndex
        from resources.lexical.elasticsearch_server import server_of

        return ElasticsearchIndex.beside(server_of(settings), space, version)
    from resources.lexical.tantivy_index import TantivyIndex

    return TantivyIndex.beside(folder_of(settings, space, version))


def destroy_lexical(settings: Settings, space: UUID, version: UUID | None = None) -> None:
    """Removes the index of an index version that is read, or all of a space, be they whole or broken.

    An index of a version that is being made beside it stays: see `remove_unread`.

    Raises:
        LexicalUnavailable: The engine does not answer, so that something may be left.
    """
    folder = folder_of(settings, space, version)
    shutil.rmtree(folder, ignore_errors=True)  # also what a move to Elasticsearch has left
    if settings.elasticsearch_url:
        from resources.lexical.elasticsearch_aliases import destroy_named
        from resources.lexical.elasticsearch_mapping import space_alias, version_alias
        from resources.lexical.elasticsearch_server import server_of

        pattern = f"{space_alias(space)}-*" if version is None else version_alias(space, version)
        destroy_named(server_of(settings), pattern)


def remove_unread(settings: Settings, space: UUID, version: UUID) -> None:
    """Removes all indexes of an index version but the one that is read: what killed rebuilds left, or one is making.

    Raises:
        LexicalUnavailable: The engine does not answer, so that something may be left.
    """
    from resources.lexical import tantivy_index

    tantivy_index.remove_unread(folder_of(settings, space, version))
    if settings.elasticsearch_url:
        from resources.lexical import elasticsearch_aliases
        from resources.lexical.elasticsearch_server import server_of

        elasticsearch_aliases.remove_unread(server_of(settings), space, version)


def point_alias(settings: Settings, space: UUID, version: UUID) -> None:
    """Points the alias of a space in Elasticsearch at its live version. Searches do not need it; people's tools do.

    Raises:
        LexicalUnavailable: The server does not answer; the next reconciliation points it.
    """
    if settings.elasticsearch_url:
        from resources.lexical import elasticsearch_aliases
        from resources.lexical.elasticsearch_server import server_of

        elasticsearch_aliases.point_alias(server_of(settings), space, version)


def check_engine(settings: Settings) -> str:
    """What the engine is, in words.

    Raises:
        LexicalUnavailable: It does not answer, refuses, or is of a version that is not supported.
    """
    if settings.elasticsearch_url:
        from resources.lexical.elasticsearch_server import server_of

        return f"Elasticsearch {server_of(settings).version()}"
    from importlib.metadata import version

    return f"tantivy {version('tantivy')}, embedded"


def folder_of(settings: Settings, space: UUID, version: UUID | None = None) -> Path:
    """Where tantivy's index of an index version lies, or all of a space."""
    folder = settings.home / "lexical" / str(space)
    return folder if version is None else folder / str(version)
