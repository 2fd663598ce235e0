"""Derived ids: the same thing gets the same id on every machine and in every run."""

import hashlib
import json
from uuid import UUID, uuid5

_ROOT = UUID("6f2f9f0e-5a64-5c0b-9a3c-2f0d3f6a1b7e")


def document_id(source_id: UUID, path: str) -> UUID:
    """The id of the document at `path` (relative to its source's location)."""
    return uuid5(source_id, path)


def version_id(document: UUID, sha256: str, recipe: str) -> UUID:
    """The id of one version of a document: its bytes and the recipe (parser and passage rules) that read them."""
    return uuid5(document, f"{sha256}/{recipe}")


def block_id(document: UUID, section: list[str], block_type: str, occurrence: int) -> UUID:
    """The id of a block: its document and its place.

    The place is the section path, the type, and how many blocks of that type came before in that section, so that an edit
    in one section leaves the ids of all others as they were.
    """
    return uuid5(document, json.dumps([section, block_type, occurrence], ensure_ascii=False))


def passage_id(version: UUID, index_version: UUID, order: int) -> UUID:
    """The id of a passage of a document's version in an index version."""
    return uuid5(version, f"{index_version}/{order}")


def text_hash(text: str) -> bytes:
    """The 32 bytes by which equal texts share one embedding."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def shard_of(document: UUID, shards: int) -> int:
    """The shard of a document, stable for a given number of shards."""
    return int.from_bytes(hashlib.blake2b(document.bytes, digest_size=8).digest()) % shards
