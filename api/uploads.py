"""Uploaded files on their way from a form into the object store. Their names are data, never paths."""

import unicodedata
from typing import IO
from uuid import UUID

from starlette.datastructures import UploadFile

from api.dependencies import TIMEOUT_S
from resources.access import Caller, Role
from resources.errors import InvalidInput, TooLarge
from resources.identity import document_id
from resources.intake import ensure_uploads
from resources.platform import Platform
from resources.postgres.quotas import Quota
from resources.postgres.removal import readmit

MOST_FILES = 100
_LONGEST = 250
_SLASHES = ("/", "\\", "\u2044", "\u2215", "\u29f8")
# Controls, lone surrogates, separators, and format characters: those turn the direction of writing or have no shape.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"  # in Persian and Indic words, and in emoji
_RESERVED = frozenset(
    {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(10))}
)


def check_file_name(name: str | None) -> str:
    """The name in its composed form (NFC), if it may name a document.

    What would be a path, another name or nothing at all on some system, or would show as another name than it is, is
    refused: files are kept on many kinds of stores and downloaded to many kinds of machines.

    Raises:
        InvalidInput: It is empty, too long, a path, reserved, or holds characters that cannot be seen.
    """
    name = unicodedata.normalize("NFC", name or "")
    flat = unicodedata.normalize("NFKC", name)
    problem = ""
    if not flat.strip(". "):
        problem = "it is empty or only dots"
    elif len(name) > _LONGEST or len(name.encode("utf-8", "surrogatepass")) > _LONGEST:
        problem = f"it is longer than {_LONGEST} characters or bytes"
    elif any(slash in text for slash in _SLASHES for text in (name, flat)):
        problem = "it holds a slash"
    elif any(unicodedata.category(character) in _UNSEEN and character not in _JOINERS for character in name):
        problem = "it holds a character that controls or hides others"
    elif name != name.strip() or name.endswith("."):
        problem = "it begins or ends with white space, or ends with a dot"
    elif flat.partition(".")[0].strip().upper() in _RESERVED:
        problem = "Windows keeps it for a device"
    if problem:
        raise InvalidInput(f"The file name {name[:80]!r} cannot be used: {problem}.", hint="Rename the file.")
    return name


def check_files(files: list[UploadFile], max_bytes: int) -> dict[str, IO[bytes]]:
    """The files of a form by name.

    Raises:
        InvalidInput: There are none or too many, or a name cannot be used or comes twice.
        TooLarge: Together they are larger than `max_bytes`.
    """
    if not 1 <= len(files) <= MOST_FILES:
        raise InvalidInput(f"Send 1 to {MOST_FILES} files in the form's field `file`.")
    named: dict[str, IO[bytes]] = {}
    for file in files:
        name = check_file_name(file.filename)
        if name in named:
            raise InvalidInput(f"The file name {name[:80]!r} comes twice.", hint="Rename one of them.")
        named[name] = file.file
    if sum(file.size or 0 for file in files) > max_bytes:
        message = f"The files are larger than {max_bytes} bytes together."
        raise TooLarge(message, hint="Send fewer at once.", limit=max_bytes)
    return named


def _size(content: IO[bytes]) -> int:
    size = content.seek(0, 2)
    content.seek(0)
    return size


def save(platform: Platform, caller: Caller, space: str, files: dict[str, IO[bytes]]) -> None:
    """Keeps files in the space's source of uploads, where the next run finds them.

    Raises:
        NotFound: There is no such space, or the caller does not see it.
        Forbidden: The caller may not bring documents into it.
        QuotaExceeded: The space may not hold that much.
    """
    with platform.enter(caller, space, Role.INGESTOR, timeout_s=TIMEOUT_S) as (connection, row):
        space_id: UUID = row["id"]
        Quota(connection, space_id).check(0, sum(_size(content) for content in files.values()))
        source = ensure_uploads(connection, space_id)
        readmit(connection, [document_id(source.id, name) for name in files])
    for name, content in files.items():
        platform.objects.save_upload(space_id, name, content)
