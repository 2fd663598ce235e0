"""Which index the names stand for, and the end of indexes."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from resources.lexical.elasticsearch_mapping import space_alias, version_alias
from resources.lexical.elasticsearch_server import ElasticsearchServer

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch


def point_alias(server: ElasticsearchServer, space: UUID, version: UUID) -> None:
    """Points the alias of a space at the index of its live version, in one step.

    Raises:
        LexicalUnavailable: The server does not answer, or there is no such index.
    """

    def switch(client: "Elasticsearch") -> None:
        (name,) = client.indices.get_alias(name=version_alias(space, version)).body
        client.indices.update_aliases(actions=[_remove_all(space), live_action(name, space)])

    server.call(switch, server.change_s)


def destroy_named(server: ElasticsearchServer, pattern: str) -> None:
    """Removes every index whose name or alias fits.

    Raises:
        LexicalUnavailable: The server does not answer.
    """

    def remove(client: "Elasticsearch") -> None:
        found = client.indices.get(index=pattern, expand_wildcards="all", features="aliases", ignore_unavailable=True)
        names = list(found.body)
        if names:
            client.options(ignore_status=404).indices.delete(index=names)

    server.call(remove, server.change_s)


def remove_unread(server: ElasticsearchServer, space: UUID, version: UUID) -> None:
    """Removes every index of an index version that its alias does not stand for.

    Raises:
        LexicalUnavailable: The server does not answer.
    """
    alias = version_alias(space, version)

    def remove(client: "Elasticsearch") -> None:
        found = client.indices.get(index=f"{alias}-*", expand_wildcards="all", features="aliases").body
        unread = [name for name, index in found.items() if alias not in index["aliases"]]
        if unread:
            client.options(ignore_status=404).indices.delete(index=unread)

    server.call(remove, server.change_s)


def live_action(index: str, space: UUID) -> dict[str, Any]:
    """What points the alias of a space at an index, besides whatever it points at."""
    return {"add": {"index": index, "alias": space_alias(space), "routing": space.hex}}


def _remove_all(space: UUID) -> dict[str, Any]:
    return {"remove": {"index": f"{space_alias(space)}-*", "alias": space_alias(space), "must_exist": False}}
