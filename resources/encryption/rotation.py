"""The life of a space's keys: replaced without a pause, and destroyed for good."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from resources.encryption.errors import KeyUnavailable, Tampered
from resources.encryption.keyring import CACHE_S, Keyring
from resources.errors import InvalidInput
from resources.objects.store import ObjectStore

Progress = Callable[[str, int, int | None], None]


@dataclass
class Renewed:
    """What became of a space's files.

    Attributes:
        rewritten: Files put under the newest key.
        kept: Files that lay under it already.
        failed: Paths of files that are not what was written; they stay as they are.
        retired: Older keys under which nothing lies any more.
    """

    rewritten: int = 0
    kept: int = 0
    failed: list[str] = field(default_factory=list)
    retired: int = 0


def rotate_kek(keyring: Keyring, space: UUID | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """Makes a new wrapping key where the provider can, and wraps the keys of spaces under the current one.

    Key by key, so that a kill in the middle leaves each under one of the two; doing it again goes on. A wrapping key that
    wraps nothing any more is forgotten.

    Args:
        keyring: The keyring of a worker.
        space: Only this one; by default all.
        progress: Told of the spaces that are done.

    Returns:
        `kek_id`, `rewrapped` (keys), `failed` (spaces whose keys could not be unwrapped) and `pruned` (wrapping keys).

    Raises:
        KeyUnavailable: The provider cannot wrap.
    """
    provider = keyring.providers.current
    provider.prepare(keyring.vault.kek_ids(provider.name))
    kek_id = provider.rotate()
    spaces = keyring.vault.spaces() if space is None else [space]
    rewrapped, failed = 0, []
    for done, each in enumerate(spaces):
        if progress:
            progress("rewrap", done, len(spaces))
        try:
            rewrapped += _rewrap(keyring, each, kek_id)
        except KeyUnavailable:
            failed.append(each)
        keyring.forget(each)
    with keyring.vault.wrapping(alone=True):  # nobody holds a key that is wrapped but not kept
        pruned = provider.prune(keyring.vault.kek_ids(provider.name))
    return {"kek_id": kek_id, "rewrapped": rewrapped, "failed": failed, "pruned": pruned}


def _rewrap(keyring: Keyring, space: UUID, kek_id: str) -> int:
    provider = keyring.providers.current.name
    count = 0
    for row in keyring.vault.load(space).keys:
        if row.wrapped is not None and (row.provider, row.kek_id) != (provider, kek_id):
            with keyring.vault.wrapping():
                count += keyring.vault.rewrap(space, row, keyring.wrap(space, row, keyring.unwrap(space, row)))
    return count


def rotate_data_key(keyring: Keyring, space: UUID) -> UUID:
    """Gives a space a new data key; from here on nothing is published under an older one. Returns its id.

    Raises:
        InvalidInput: The space is not encrypted.
        KeyUnavailable: What wraps its keys is out of reach.
        KeyDestroyed: They were destroyed.
    """
    _encrypted(keyring, space)
    with keyring.vault.wrapping():
        key = keyring.new_key(space, "data")
        keyring.vault.add(space, key)
    keyring.forget(space)
    return key.id


def reencrypt(keyring: Keyring, store: ObjectStore, space: UUID, progress: Progress | None = None) -> Renewed:
    """Puts every file of a space under its newest data key, then retires the older ones.

    File by file while others read and write; what was done stays done if this is killed.

    Raises:
        InvalidInput: The space is not encrypted.
        KeyUnavailable: What wraps its keys is out of reach.
        KeyDestroyed: They were destroyed.
    """
    _encrypted(keyring, space)
    result = Renewed()
    tree = store.encrypted(space)
    cipher = keyring(space)
    assert tree is not None
    assert cipher is not None
    newest = cipher.newest
    for path in _paths(tree):
        try:
            if tree.renew(path):
                result.rewritten += 1
            else:
                result.kept += 1
        except Tampered:
            result.failed.append(path)
        if progress:
            progress("reencrypt", result.rewritten + result.kept, None)
    tree.sweep()
    if not result.failed:
        result.retired = keyring.vault.retire(space, newest)
    keyring.forget(space)
    return result


def _paths(tree: Any) -> Iterator[str]:
    for folder in ("objects", "uploads"):
        for path, _ in tree.listing(folder):
            yield path


def destroy(keyring: Keyring, store: ObjectStore, space: UUID) -> dict[str, Any]:
    """Destroys all keys of a space in one transaction: nobody can read its files again.

    Returns:
        For the receipt: `keys`, `objects_unreadable`, `destroyed_at`, and `unreadable_at_latest`, when the last process
        that had the keys in memory has dropped them.

    Raises:
        InvalidInput: The space is not encrypted.
    """
    stored = keyring.vault.load(space)
    if stored.isolation != "encrypted":
        raise _not_encrypted()
    if not stored.keys:  # never used: it shall not be given keys later, either
        _encrypted(keyring, space)
    keys, at = keyring.vault.destroy(space)
    keyring.forget(space)
    return {
        "keys": keys,
        "objects_unreadable": store.count_encrypted(space),
        "destroyed_at": at,
        "unreadable_at_latest": at + timedelta(seconds=CACHE_S),
    }


def _encrypted(keyring: Keyring, space: UUID) -> None:
    if keyring.fresh(space) is None:
        raise _not_encrypted()


def _not_encrypted() -> InvalidInput:
    return InvalidInput("The space is not encrypted: it has no keys.", hint="`rage space create NAME` can make one that is.")
