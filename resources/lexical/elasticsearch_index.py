"""The lexical index in Elasticsearch: one for each index version of a space, behind an alias of its own.

Entries are removed by ids that a search finds, terms come analysed, and nothing here needs a script or a plug-in, so that
any Elasticsearch 8 or 9 will do.
"""

import random
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

from resources.lexical.analysis import query_terms
from resources.lexical.elasticsearch_aliases import destroy_named, live_action
from resources.lexical.elasticsearch_mapping import (
    FORMAT,
    MAPPINGS,
    SETTINGS,
    among,
    delete_action,
    gram_filters,
    index_action,
    index_name,
    new_alias,
    space_alias,
    version_alias,
)
from resources.lexical.elasticsearch_pages import ID, KEEP, PAGE, page, pairs
from resources.lexical.elasticsearch_server import ElasticsearchServer
from resources.lexical.entry import MOST_LANGUAGES, MOST_QUERY_TERMS
from resources.lexical.protocol import LexicalPassage, LexicalUnavailable

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

_REBUILD = "It is derived: `rage index rebuild-lexical` or the next ingestion makes it anew."
_CHUNK, _CHUNK_BYTES = 500, 4 << 20
_RETRIES, _FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5, 0.2, 5.0
_NOT_NOW = (429, 503)
_IDS_TOGETHER, _WINDOW = 1_000, 10_000
_LANGUAGES_S = 2.0


class ElasticsearchIndex:
    """See `LexicalIndex`. Any number of processes may read and write; threads may share an instance.

    Args:
        server: Where it is.
        space: The space.
        version: The index version.
        create: Whether to make it where it is missing.

    Raises:
        LexicalUnavailable: It is missing, of another format, or the server does not answer.
    """

    def __init__(self, server: ElasticsearchServer, space: UUID, version: UUID, *, create: bool = False) -> None:
        self._server, self._space, self._version = server, space, version
        self._routing = space.hex
        self._alias = self._name = version_alias(space, version)
        self._languages: tuple[float, tuple[str, ...]] = (-_LANGUAGES_S, ())
        formats = self._formats(server.change_s if create else server.search_s)
        if not formats:
            if not create:
                raise LexicalUnavailable("missing", f"There is no index {self._alias} in Elasticsearch.", hint=_REBUILD)
            self._make(self._alias)
        elif formats != [FORMAT]:
            raise LexicalUnavailable("format", f"The index {self._alias} is of another format.", hint=_REBUILD)

    @classmethod
    def beside(cls, server: ElasticsearchServer, space: UUID, version: UUID) -> "ElasticsearchIndex":
        """An empty index that nobody reads until `take_place`."""
        index = cls.__new__(cls)
        index._server, index._space, index._version = server, space, version
        index._routing, index._alias = space.hex, version_alias(space, version)
        index._languages = (-_LANGUAGES_S, ())
        index._name = new_alias(space, version)
        index._make(index._name)
        return index

    def take_place(self) -> None:
        """Puts an index made by `beside` in the place of the one that is read, in one step, and removes that one."""
        self.commit()
        (own,) = self._behind(self._name)
        others = self._behind(self._alias)
        live = bool(set(others) & set(self._behind(space_alias(self._space))))
        actions: list[dict[str, Any]] = [{"remove_index": {"index": name}} for name in others]
        actions.append({"add": {"index": own, "alias": self._alias}})
        actions.append({"remove": {"index": own, "alias": self._name}})
        if live:
            actions.append(live_action(own, self._space))
        self._change(lambda client: client.indices.update_aliases(actions=actions))
        self._name = self._alias

    def discard(self) -> None:
        """Removes an index made by `beside` that has not taken its place; one that cannot be is left to `remove_unread`."""
        if self._name != self._alias:
            with suppress(LexicalUnavailable):
                destroy_named(self._server, self._name)

    def add(self, passages: Iterable[LexicalPassage]) -> int:
        """See `LexicalIndex.add`.

        Raises:
            LexicalUnavailable: The server does not take them.
        """
        return self._bulk(index_action(self._name, self._routing, passage) for passage in passages)

    def delete_versions(self, ids: Iterable[UUID]) -> None:
        """See `LexicalIndex.delete_versions`."""
        self._delete("version", ids)

    def delete_documents(self, ids: Iterable[UUID]) -> None:
        """See `LexicalIndex.delete_documents`."""
        self._delete("document", ids)

    def commit(self) -> None:
        """See `LexicalIndex.commit`."""
        self._change(lambda client: client.indices.refresh(index=self._name))
        self._languages = (-_LANGUAGES_S, ())

    def search(
        self, query: str, k: int, *, languages: Sequence[str] = (), within: Collection[UUID] | None = None
    ) -> list[tuple[UUID, float]]:
        """See `LexicalIndex.search`.

        Raises:
            LexicalUnavailable: The index is gone, or the server does not answer in a second.
        """
        terms = query_terms(query, languages or self._held())[:MOST_QUERY_TERMS]
        if not terms or k < 1:
            return []
        should = [{"term": {"words": term}} for term in terms]
        # where there is a filter, a bool's `should` is no condition by itself
        return self._hits({"bool": {"should": should, "minimum_should_match": 1, "filter": among(within)}}, k)

    def pattern_candidates(
        self, required: Sequence[Sequence[str]], limit: int, *, within: Collection[UUID] | None = None
    ) -> list[UUID]:
        """See `LexicalIndex.pattern_candidates`."""
        must = gram_filters(required) + among(within)
        query = {"constant_score": {"filter": {"bool": {"filter": must}} if must else {"match_all": {}}}}
        if limit <= _WINDOW:
            return [id_ for id_, _ in self._hits(query, limit)]
        return [UUID(id_) for id_ in islice(self._scan(query, self._server.search_s), limit)]

    def count(self) -> int:
        """See `LexicalIndex.count`."""
        return int(self._change(lambda client: client.count(index=self._name, routing=self._routing))["count"])

    def document_versions(self, prefix: str = "") -> Iterator[tuple[UUID, UUID, int]]:
        """See `LexicalIndex.document_versions`."""
        pair: dict[str, Any] = {
            "size": 1_000,
            "sources": [{name: {"terms": {"field": name}}} for name in ("document", "version")],
        }
        query = {"prefix": {"document": prefix}} if prefix else {"match_all": {}}
        while True:
            look = partial(pairs, index=self._name, routing=self._routing, query=query, pair=pair)
            found = self._change(look)
            for bucket in found["buckets"]:
                yield UUID(bucket["key"]["document"]), UUID(bucket["key"]["version"]), int(bucket["doc_count"])
            if "after_key" not in found:
                return
            pair = pair | {"after": found["after_key"]}

    def destroy(self) -> None:
        """See `LexicalIndex.destroy`."""
        destroy_named(self._server, self._alias)

    def close(self) -> None:
        """See `LexicalIndex.close`. The connection is the process's, and stays."""

    def _held(self) -> tuple[str, ...]:
        """The languages of the passages that are there, as they were at most two seconds ago."""
        seen, held = self._languages
        if time.monotonic() - seen >= _LANGUAGES_S:
            aggregations = {"held": {"terms": {"field": "language", "size": MOST_LANGUAGES}}}

            def look(client: "Elasticsearch") -> Any:
                found = client.search(index=self._name, routing=self._routing, size=0, aggregations=aggregations)
                return found["aggregations"]["held"]["buckets"]

            held = tuple(str(bucket["key"]) for bucket in self._server.call(look, self._server.search_s))
            self._languages = time.monotonic(), held
        return held

    def _hits(self, query: dict[str, Any], k: int) -> list[tuple[UUID, float]]:
        def look(client: "Elasticsearch") -> Any:
            return client.search(
                index=self._name,
                routing=self._routing,
                query=query,
                size=min(k, _WINDOW),
                docvalue_fields=ID,
                stored_fields=["_none_"],
                track_total_hits=False,
                allow_partial_search_results=False,
                filter_path="hits.hits._score,hits.hits.fields",
            )

        hits = self._server.call(look, self._server.search_s).get("hits", {}).get("hits", [])
        return [(UUID(hit["fields"]["id"][0]), float(hit["_score"])) for hit in hits]

    def _scan(self, query: dict[str, Any], seconds: float) -> Iterator[str]:
        """The ids, in hex, of all entries that a query finds, page by page over one state of the index."""
        pit: str = self._server.call(
            lambda client: client.open_point_in_time(index=self._name, keep_alive=KEEP, routing=self._routing)["id"],
            seconds,
        )
        after: list[Any] | None = None
        try:
            while True:
                hits = self._server.call(partial(page, pit=pit, query=query, after=after), seconds)["hits"]["hits"]
                for hit in hits:
                    yield str(hit["fields"]["id"][0])
                if len(hits) < PAGE:
                    return
                after = hits[-1]["sort"]
        finally:
            self._server.call(lambda client: client.options(ignore_status=404).close_point_in_time(id=pit), seconds)

    def _delete(self, field: str, ids: Iterable[UUID]) -> None:
        waiting = iter(ids)
        while chunk := [each.hex for each in islice(waiting, _IDS_TOGETHER)]:
            self.commit()  # what an earlier run wrote and did not live to commit is to be found, too
            found = self._scan({"constant_score": {"filter": {"terms": {field: chunk}}}}, self._server.change_s)
            self._bulk(delete_action(self._name, self._routing, id_) for id_ in found)

    def _bulk(self, actions: Iterable[dict[str, Any]]) -> int:
        """Sends actions in pieces of bounded size; what the server has no time for is sent again, and nothing else."""
        from elasticsearch import helpers

        def send(client: "Elasticsearch") -> int:
            done = 0
            for ok, item in helpers.streaming_bulk(
                client,
                actions,
                chunk_size=_CHUNK,
                max_chunk_bytes=_CHUNK_BYTES,
                raise_on_error=False,
                max_retries=_RETRIES,
                initial_backoff=_FIRST_PAUSE_S * random.uniform(0.5, 1.5),  # noqa: S311 -- spreads retries, hides nothing
                max_backoff=_LONGEST_PAUSE_S,
                retry_on_status=_NOT_NOW,
                require_alias=True,  # or the server would make an index that is gone, by guesses of its own
            ):
                ((kind, result),) = item.items()
                if not ok and not (kind == "delete" and result.get("result") == "not_found"):
                    raise _refused(result)
                done += 1
            return done

        return int(self._change(send))

    def _change(self, act: Any) -> Any:
        return self._server.call(act, self._server.change_s)

    def _make(self, alias: str) -> None:
        name = index_name(self._space, self._version)
        self._change(
            lambda client: client.indices.create(index=name, aliases={alias: {}}, mappings=MAPPINGS, settings=SETTINGS)
        )

    def _formats(self, seconds: float) -> list[str]:
        """The format of each index behind the alias: none where it is missing."""

        def look(client: "Elasticsearch") -> Any:
            return client.options(ignore_status=404).indices.get_mapping(index=self._alias).body

        found = self._server.call(look, seconds)
        each = [] if "error" in found else found.values()
        return [str(index["mappings"].get("_meta", {}).get("rage_format", "")) for index in each]

    def _behind(self, alias: str) -> list[str]:
        def look(client: "Elasticsearch") -> Any:
            return client.options(ignore_status=404).indices.get_alias(name=alias).body

        found = self._change(look)
        return [] if "error" in found else list(found)


def _refused(result: dict[str, Any]) -> LexicalUnavailable:
    error = result.get("error") or {}
    kind = str(error.get("type", "")) if isinstance(error, dict) else ""
    if result.get("status") in _NOT_NOW:
        return LexicalUnavailable("busy", "Elasticsearch has too much to do.", hint="Try again later.")
    if kind == "index_not_found_exception":
        return LexicalUnavailable("missing", "The lexical index in Elasticsearch is gone.", hint=_REBUILD)
    return LexicalUnavailable(
        "broken", f"Elasticsearch did not take an entry: {kind or result.get('status')}.", hint=_REBUILD
    )
