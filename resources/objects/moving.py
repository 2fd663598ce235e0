"""Bytes on their way into encryption and out of it, a file at a time: safe to kill, and to begin again.

Whoever moves a space keeps its runs away, copies with `keep`, changes its isolation, waits until every process has seen
that (`CACHE_S`), and then moves what is left without `keep`: what was uploaded in between.
"""

import hashlib
import io
import tempfile
from datetime import UTC, datetime
from typing import IO, cast
from uuid import UUID

from resources.encryption.keyring import Keyring
from resources.objects.encrypted import EncryptedTree
from resources.objects.store import ObjectStore

_SPOOL_BYTES = 8 << 20


def into_encryption(store: ObjectStore, keyring: Keyring, space: UUID, *, keep: bool) -> int:
    """Encrypts what lies in the clear; returns how many files were copied.

    Args:
        store: The store.
        keyring: The keyring.
        space: The space.
        keep: Whether what lies in the clear stays, for those who still read it.
    """
    tree, plain = store.tree(keyring.moving(space), keyring), ObjectStore.beside(store)
    copied = 0
    for entry in plain.listing(space):
        sha256 = entry["name"].rsplit("/", 1)[-1]
        if len(sha256) == 64:  # and no scratch of a killed writer
            path = tree.object_path(bytes.fromhex(sha256))
            if not tree.exists(path):
                with plain.fs.open(entry["name"], "rb") as file:
                    tree.write(path, file)
                copied += 1
    for upload in plain.uploads(space):
        path = tree.upload_path(upload.name)
        if not tree.exists(path) or _newer(store, upload.path, tree.full(path)):
            with plain.open_upload(space, upload.name) as file:
                tree.write(path, file)
            copied += 1
        if not keep:
            plain.delete_upload(space, upload.name)
    if not keep:
        plain.delete_plain(space)
    return copied


def out_of_encryption(store: ObjectStore, keyring: Keyring, space: UUID, *, keep: bool) -> int:
    """Puts what lies encrypted in the clear; returns how many files were copied. See `into_encryption`."""
    tree, plain = store.tree(keyring.moving(space), keyring), ObjectStore.beside(store)
    copied = 0
    for path, _ in tree.listing("objects"):
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as spool:
            digest = hashlib.sha256()
            for piece in tree.chunks(path):
                digest.update(piece)
                spool.write(piece)
            if not plain.exists(space, digest.digest()):
                spool.seek(0)
                plain.put(space, digest.digest(), cast(IO[bytes], spool))
                copied += 1
    for path, _ in tree.listing("uploads"):
        copied += _upload_out(store, plain, tree, space, path)
    if not keep:
        store.delete_encrypted(space)
    return copied


def _upload_out(store: ObjectStore, plain: ObjectStore, tree: EncryptedTree, space: UUID, path: str) -> int:
    name = tree.name_of_upload(path)
    target = f"{store.uploads_path(space)}/{name}"
    if store.fs.exists(target) and not _newer(store, tree.full(path), target):
        return 0
    with io.BufferedReader(tree.open(path)) as file:
        plain.save_upload(space, name, file)
    return 1


def _newer(store: ObjectStore, one: str, other: str) -> bool:
    return _modified(store, one) > _modified(store, other)


def _modified(store: ObjectStore, path: str) -> datetime:
    time: datetime = store.fs.modified(path)
    return time if time.tzinfo else time.replace(tzinfo=UTC)
