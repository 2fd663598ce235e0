"""What an index is in Elasticsearch: its names, its fields, and how an entry is written.

The analysis is done before, so that the server needs no plug-in and no analyser of its own. It stores no text: only
terms, pieces of three letters, and ids.
"""

import re
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID, uuid4

from resources.lexical.entry import language_codes, words_of
from resources.lexical.grams import GRAM, folded, gram_groups
from resources.lexical.protocol import LexicalPassage

FORMAT = "3"  # of fields and analysis; another one needs a rebuild

_SPACE = re.compile(r"\s")
_SPACE_IN_GRAM = "\ue000"
_TERMS = {"type": "text", "analyzer": "whitespace"}
_ID = {"type": "keyword", "ignore_above": 64}
MAPPINGS: dict[str, Any] = {
    "dynamic": "strict",
    "_source": {"enabled": False},
    "_routing": {"required": True},
    "_meta": {"rage_format": FORMAT},
    "properties": {
        "id": _ID | {"index": False},
        "document": _ID,
        "version": _ID,
        "language": {"type": "keyword"},
        "words": _TERMS | {"index_options": "freqs", "similarity": "BM25"},
        "grams": _TERMS | {"index_options": "docs", "norms": False},
    },
}
SETTINGS: dict[str, Any] = {
    "number_of_shards": 1,  # routed by space, an index of one space never has entries in another shard
    "auto_expand_replicas": "0-1",
    "refresh_interval": "-1",  # a commit refreshes, so that nothing is seen before
}


def space_alias(space: UUID) -> str:
    """The alias of a space's live index, for people and their tools."""
    return f"rage-{space.hex}"


def version_alias(space: UUID, version: UUID) -> str:
    """The alias by which the index of a space's index version is read and written."""
    return f"rage-{space.hex}-{version.hex}"


def index_name(space: UUID, version: UUID) -> str:
    """A name that no other index has."""
    return f"{version_alias(space, version)}-{uuid4().hex[:8]}"


def new_alias(space: UUID, version: UUID) -> str:
    """An alias, of its own, by which an index is written that nobody reads yet."""
    return f"{index_name(space, version)}-new"


def gram_filters(required: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """What finds the texts that hold one string of each group in the field `grams`: white space is all alike there."""
    filters: list[dict[str, Any]] = []
    for group in gram_groups(required):
        ways = [[_SPACE.sub(_SPACE_IN_GRAM, gram) for gram in grams] for grams in group]
        if len(ways) == 1:
            filters += [{"term": {"grams": gram}} for gram in ways[0]]
        elif all(len(grams) == 1 for grams in ways):
            filters.append({"terms": {"grams": [grams[0] for grams in ways]}})
        else:
            every = [{"bool": {"filter": [{"term": {"grams": gram}} for gram in grams]}} for grams in ways]
            filters.append({"bool": {"should": every}})
    return filters


def among(ids: Collection[UUID] | None) -> list[dict[str, Any]]:
    """What leaves only these passages; nothing where none are given."""
    return [] if ids is None else [{"terms": {"_id": [each.hex for each in ids]}}]


def index_action(index: str, routing: str, passage: LexicalPassage) -> dict[str, Any]:
    """The bulk action that writes an entry, in place of one with the same id."""
    text = _SPACE.sub(_SPACE_IN_GRAM, folded(passage.text))
    return {
        "_op_type": "index",
        "_index": index,
        "_id": passage.id.hex,
        "routing": routing,
        "_source": {
            "id": passage.id.hex,
            "document": passage.document_id.hex,
            "version": passage.version_id.hex,
            "language": language_codes(passage),
            "words": words_of(passage),
            "grams": " ".join({text[at : at + GRAM] for at in range(len(text) - GRAM + 1)}),
        },
    }


def delete_action(index: str, routing: str, id_: str) -> dict[str, Any]:
    """The bulk action that removes an entry."""
    return {"_op_type": "delete", "_index": index, "_id": id_, "routing": routing}
