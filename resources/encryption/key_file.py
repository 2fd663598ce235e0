"""The provider `file`: named keys in one file that only its owner reads, made on first use."""

import base64
import json
import os
import secrets
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from resources.encryption.errors import KeyUnavailable
from resources.encryption.named_keys import NamedKeys, parse_keys
from resources.encryption.providers import KEY_BYTES


class KeyFile(NamedKeys):
    """Keys in a JSON file, oldest first. It is read anew each time, so that a key taken out is out.

    Args:
        path: The file. Whoever changes it does so under a lock beside it, and replaces it at once.
    """

    name = "file"

    def __init__(self, path: Path) -> None:
        self._path = path

    def keys(self) -> dict[str, bytes]:
        """See `NamedKeys.keys`."""
        hint = "Restore it from its backup; without it encrypted spaces cannot be read."
        try:
            with self._path.open("rb") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o007:
                    raise KeyUnavailable(
                        f"The key file {self._path} is open to everyone on this machine.",
                        hint=f"`chmod 600 {self._path}`, and rotate its keys if others may have read it.",
                    )
                return parse_keys(json.load(file)["keys"])
        except FileNotFoundError:
            raise KeyUnavailable(f"The key file {self._path} is not there.", hint=hint) from None
        except OSError as error:
            raise KeyUnavailable(f"The key file {self._path} cannot be read: {error.strerror}.", hint=hint) from error
        except (KeyError, TypeError, ValueError):  # without a cause: it might hold a key
            raise KeyUnavailable(f"The key file {self._path} is broken.", hint=hint) from None

    def prepare(self, in_use: Collection[str]) -> None:
        """Makes the file where nothing was ever wrapped; a file that is merely lost is not replaced by a new one."""
        if in_use or self._path.exists():
            return
        with self._locked():
            if not self._path.exists():
                self._write({_new_name(): secrets.token_bytes(KEY_BYTES)})

    def rotate(self) -> str:
        """Adds a key, which wraps from now on."""
        with self._locked():
            keys = self.keys()
            name = _new_name()
            self._write(keys | {name: secrets.token_bytes(KEY_BYTES)})
        return name

    def prune(self, in_use: Collection[str]) -> list[str]:
        """Takes out every key that wraps nothing, the current one excepted."""
        with self._locked():
            keys = self.keys()
            unused = [name for name in list(keys)[:-1] if name not in in_use]
            if unused:
                self._write({name: key for name, key in keys.items() if name not in unused})
        return unused

    @contextmanager
    def _locked(self) -> Iterator[None]:
        import fasteners

        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with fasteners.InterProcessLock(self._path.with_name(f".{self._path.name}.lock")):
            yield

    def _write(self, keys: dict[str, bytes]) -> None:
        text = json.dumps({"keys": {name: base64.b64encode(key).decode() for name, key in keys.items()}}, indent=1)
        scratch = self._path.with_name(f".{self._path.name}.new")
        scratch.unlink(missing_ok=True)  # of someone who was killed
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # a key that wraps something must be there after a power cut
        finally:
            os.close(folder)


def _new_name() -> str:
    return f"key-{secrets.token_hex(6)}"
