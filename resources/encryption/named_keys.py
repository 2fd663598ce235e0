"""Providers that hold their keys themselves, by name; and the one that takes them from the environment."""

import base64
import binascii
import json
import os
from abc import abstractmethod
from contextlib import suppress
from typing import Any

from resources.encryption.errors import KeyUnavailable
from resources.encryption.providers import KEY_BYTES, KeyProvider, Wrapped
from resources.errors import InvalidSettings
from resources.settings import Settings

_NONCE_BYTES = 12


class NamedKeys(KeyProvider):
    """Keys by name, the last of which wraps, by AES-256-GCM with a random nonce and the context as associated data."""

    @abstractmethod
    def keys(self) -> dict[str, bytes]:
        """The keys, oldest first.

        Raises:
            KeyUnavailable: They cannot be read.
        """

    def wrap(self, key: bytes, context: bytes) -> Wrapped:
        """See `KeyProvider.wrap`."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        kek_id, kek = list(self._some().items())[-1]
        nonce = os.urandom(_NONCE_BYTES)
        return Wrapped(self.name, kek_id, nonce + AESGCM(kek).encrypt(nonce, key, context))

    def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        """See `KeyProvider.unwrap`."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        kek = self.keys().get(wrapped.kek_id)
        if kek is None:
            raise KeyUnavailable(
                f"The key {wrapped.kek_id!r} of the provider {self.name!r} is not there.",
                hint="Bring it back; without it the spaces whose keys it wraps cannot be read.",
            )
        nonce, blob = wrapped.blob[:_NONCE_BYTES], wrapped.blob[_NONCE_BYTES:]
        try:
            return AESGCM(kek).decrypt(nonce, blob, context)
        except (InvalidTag, ValueError) as error:
            raise KeyUnavailable(
                f"The key {wrapped.kek_id!r} of the provider {self.name!r} does not open what was wrapped under it.",
                hint="It is another key of the same name, or the wrapped key was changed: bring back the right one.",
            ) from error

    def current_id(self) -> str:
        """See `KeyProvider.current_id`."""
        return list(self._some())[-1]

    def available(self, kek_id: str) -> bool:
        """See `KeyProvider.available`."""
        with suppress(KeyUnavailable):
            return kek_id in self.keys()
        return False

    def _some(self) -> dict[str, bytes]:
        keys = self.keys()
        if not keys:
            raise KeyUnavailable(f"The provider {self.name!r} has no key.", hint="Give it one.")
        return keys


class EnvironmentKeys(NamedKeys):
    """Keys from `RAGE_ENCRYPTION_KEYS`: a JSON object, name to 32 bytes in base64. The last one wraps."""

    name = "env"

    def __init__(self, settings: Settings) -> None:
        if settings.encryption_keys is None:
            raise InvalidSettings(
                "RAGE_KEY_PROVIDER is env, but RAGE_ENCRYPTION_KEYS is not set.",
                hint='Set it to {"NAME": "32 bytes in base64"}, best through RAGE_ENCRYPTION_KEYS_FILE.',
            )
        try:
            self._keys = parse_keys(json.loads(settings.encryption_keys.get_secret_value()))
        except ValueError:  # without a cause: it would hold the value
            raise InvalidSettings(
                "RAGE_ENCRYPTION_KEYS is no JSON object of names and keys of 32 bytes in base64.",
                hint="Make a key with `openssl rand -base64 32`.",
            ) from None

    def keys(self) -> dict[str, bytes]:
        """See `NamedKeys.keys`."""
        return self._keys


def parse_keys(given: Any) -> dict[str, bytes]:
    """Named keys from JSON.

    Raises:
        ValueError: It is no object of names and keys of 32 bytes in base64.
    """
    if not isinstance(given, dict) or not given:
        raise ValueError("no object")
    keys = {}
    for name, text in given.items():
        try:
            keys[name] = base64.b64decode(text, validate=True)
        except (TypeError, binascii.Error):
            raise ValueError("no base64") from None
        if len(keys[name]) != KEY_BYTES or not name:
            raise ValueError("not 32 bytes")
    return keys
