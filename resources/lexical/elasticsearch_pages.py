"""Requests that read what an index in Elasticsearch holds, page by page."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

KEEP = "1m"
PAGE = 5_000
ID: list[Any] = ["id"]


def pairs(client: "Elasticsearch", index: str, routing: str, query: dict[str, Any], pair: dict[str, Any]) -> Any:
    """A page of (document, version) with their numbers of entries, as the aggregation `pair` names it."""
    aggregations = {"pairs": {"composite": pair}}
    found = client.search(index=index, routing=routing, size=0, query=query, aggregations=aggregations)
    return found["aggregations"]["pairs"]


def page(client: "Elasticsearch", pit: str, query: dict[str, Any], after: list[Any] | None) -> Any:
    """A page of the entries that a query finds in one state of an index, behind those that end at `after`."""
    return client.search(
        pit={"id": pit, "keep_alive": KEEP},
        query=query,
        size=PAGE,
        sort=[{"_shard_doc": "asc"}],
        search_after=after,
        docvalue_fields=ID,
        stored_fields=["_none_"],
        track_total_hits=False,
    )
