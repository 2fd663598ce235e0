"""Names in the store of an encrypted space: they tell neither a file's name nor whether its bytes are known ones.

Both come from the space's name key, which outlives its data keys, so that a name stays the same through every rotation.
"""

import base64
import hmac
from uuid import UUID

from resources.encryption.errors import Tampered

_SEGMENT = 160  # file systems take 255 bytes in one segment of a path, and a scratch name is longer
_BLOCK = 32


class NameCipher:
    """Turns names into those that the store sees.

    Args:
        key: The space's name key.
        space: The space.
    """

    def __init__(self, key: bytes, space: UUID) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derived = HKDF(SHA256(), 96, salt=space.bytes, info=b"RAGE encrypted names v1").derive(key)
        self._object_key = derived[:32]
        self._siv = AESSIV(derived[32:])
        self._context = [b"upload", space.bytes]

    def of_object(self, sha256: bytes) -> str:
        """The path of an object: a keyed hash of its hash, so that nobody without the key can look for known bytes."""
        name = hmac.digest(self._object_key, sha256, "sha256").hex()
        return f"{name[:2]}/{name}"

    def of_upload(self, name: str) -> str:
        """The path of an upload: its name under AES-SIV, which gives the same name the same path."""
        plain = name.encode()
        sealed = self._siv.encrypt(plain + b"\0" * (-len(plain) % _BLOCK), self._context)
        text = base64.b32encode(sealed).decode().rstrip("=").lower()
        return "/".join(text[start : start + _SEGMENT] for start in range(0, len(text), _SEGMENT))

    def upload_name(self, path: str) -> str:
        """The name of the upload at a path.

        Raises:
            Tampered: No upload of this space has that path.
        """
        from cryptography.exceptions import InvalidTag

        text = path.replace("/", "").upper()
        try:
            sealed = base64.b32decode(text + "=" * (-len(text) % 8))
            return self._siv.decrypt(sealed, self._context).rstrip(b"\0").decode()
        except (InvalidTag, ValueError):
            raise Tampered(
                "The store holds an upload under a name that nobody gave it.",
                hint="Look for whoever writes into the object store; remove what is not RAGE's.",
            ) from None
