"""A pool of readers as the settings want it."""

import json
import sys

from rage_assets.blocks.isolation.limits import Limits
from rage_assets.blocks.isolation.pool import ReaderPool
from resources.embedding.cores import cores
from resources.errors import InvalidSettings
from resources.settings import Settings


def reader_pool(settings: Settings, *, files: int | None = None) -> ReaderPool:
    """Processes that read files.

    Args:
        settings: What they may take.
        files: How many there are, if that is known: no more processes start than there is work for.

    Raises:
        InvalidSettings: RAGE_FILE_PASSWORDS is no list.
    """
    limits = Limits(
        seconds=settings.parse_timeout_s,
        total_seconds=settings.parse_total_timeout_s,
        memory_bytes=settings.parse_memory_bytes,
    )
    return ReaderPool(
        min(settings.parse_workers or cores(), files or sys.maxsize),
        limits,
        max_bytes=settings.max_file_bytes,
        passwords=_passwords(settings),
        skip_generated=not settings.parse_generated,
    )


def _passwords(settings: Settings) -> tuple[str, ...]:
    if settings.file_passwords is None:
        return ()
    try:
        found = json.loads(settings.file_passwords.get_secret_value())
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise InvalidSettings("RAGE_FILE_PASSWORDS must be a JSON list of texts.", hint='Write ["first", "second"].')
    return tuple(found)
