"""Uploaded files on their way from a form into the object store. Their names are data, never paths."""

import unicodedata
from typing import IO
from uuid import UUID

from starlette.datastructures import UploadFile

from api.dependencies import TIMEOUT_S
from resources.errors import InvalidInput, TooLarge
from resources.identity import document_id
from resources.intake import ensure_uploads
from resources.platform import Platform
from resources.postgres import spaces
from resources.postgres.removal import readmit

MOST_FILES = 100
_LONGEST = 250


def check_file_name(name: str | None) -> str:
    """The name, if it may name a document.

    Raises:
        InvalidInput: It is empty, too long, a path, or holds control characters.
    """
    name = name or ""
    problem = ""
    if name in {"", ".", ".."}:
        problem = "it is empty or only dots"
    elif len(name) > _LONGEST or len(name.encode("utf-8", "surrogatepass")) > _LONGEST:
        problem = f"it is longer than {_LONGEST} characters or bytes"
    elif "/" in name or "\\" in name:
        problem = "it holds a slash"
    elif any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in name):
        problem = "it holds a control character"
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


def save(platform: Platform, caller: str, space: str, files: dict[str, IO[bytes]]) -> None:
    """Keeps files in the space's source of uploads, where the next run finds them.

    Raises:
        NotFound: There is no such space, or the caller does not see it.
    """
    with platform.database.transaction(caller=caller, timeout_s=TIMEOUT_S) as connection:
        space_id: UUID = spaces.identify(connection, space)["id"]
        source = ensure_uploads(connection, space_id)
        readmit(connection, [document_id(source.id, name) for name in files])
    for name, content in files.items():
        platform.objects.save_upload(space_id, name, content)
