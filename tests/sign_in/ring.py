"""A key ring for tests: a real backend of `keyring`, kept in the file that RAGE_TEST_RING names."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError


class Ring(KeyringBackend):
    priority = 5

    def _values(self) -> dict[str, str]:
        file = Path(os.environ["RAGE_TEST_RING"])
        return json.loads(file.read_text()) if file.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._values().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        if os.environ.get("RAGE_TEST_RING_SMALL"):
            raise ValueError("too long for this key ring")
        Path(os.environ["RAGE_TEST_RING"]).write_text(json.dumps(self._values() | {f"{service} {username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        values = self._values()
        if f"{service} {username}" not in values:
            raise PasswordDeleteError("not there")
        del values[f"{service} {username}"]
        Path(os.environ["RAGE_TEST_RING"]).write_text(json.dumps(values))
