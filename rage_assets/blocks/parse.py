"""The blocks stage: parses staged documents into staged blocks; what cannot be parsed goes to quarantine."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from rage_assets.blocks.parsing import parse_file
from rage_assets.work import Work
from resources import identity
from resources.domain import ParsedDocument
from resources.encryption.errors import Tampered
from resources.errors import NotFound, ParseFailed
from resources.postgres import staging
from resources.postgres.quarantine import Failure


def parse_staged(work: Work) -> dict[str, int]:
    """Parses every staged document that was not yet parsed.

    Returns:
        Counts: `documents`, `blocks`, `quarantined`, and `type:…` and `media:…` for each type of block and media.
    """
    totals: Counter[str] = Counter()
    for batch in work.batches("scanned"):
        parsed: list[tuple[dict[str, Any], ParsedDocument]] = []
        failures: list[Failure] = []
        for row in batch:
            try:
                data = work.platform.objects.read(work.space_id, row["sha256"])
                parsed.append((row, parse_file(data, row["path"], max_bytes=work.platform.settings.max_file_bytes)))
            except ParseFailed as error:
                failures.append(Failure(row, error.reason, str(error)))
            except Tampered as error:
                failures.append(Failure(row, "tampered", str(error)))
            except NotFound as error:
                failures.append(Failure(row, "bytes_lost", str(error), retryable=True))
        with work.transaction() as connection:
            work.quarantine(connection, failures)
            blocks = staging.save_blocks(connection, work.space_id, _rows(parsed, totals))
            staging.save_parsed(
                connection,
                [(row["id"], _title(row["path"], d.title), d.media_type, d.language) for row, d in parsed],
            )
            work.count(connection, {"quarantined": len(failures)}, parsed=len(parsed), blocks=blocks)
        totals["documents"] += len(parsed)
        totals["blocks"] += blocks
        totals["quarantined"] += len(failures)
        work.progress("parse", totals["documents"] + totals["quarantined"], None)
    return dict(totals)


def _rows(parsed: list[tuple[dict[str, Any], ParsedDocument]], totals: Counter[str]) -> Iterator[tuple[Any, ...]]:
    for row, document in parsed:
        totals[f"media:{document.media_type}"] += 1
        places: Counter[tuple[tuple[str, ...], str]] = Counter()
        for order, block in enumerate(document.blocks):
            place = (tuple(block.section), block.type.value)
            totals[f"type:{block.type}"] += 1
            yield (
                row["id"],
                _block_id(row["id"], place, places[place]),
                order,
                block.type.value,
                block.text,
                block.language,
                block.page,
                block.section,
                block.metadata | {"parser": document.parser},
            )
            places[place] += 1


def _block_id(document: UUID, place: tuple[tuple[str, ...], str], occurrence: int) -> UUID:
    return identity.block_id(document, list(place[0]), place[1], occurrence)


def _title(path: str, title: str) -> str:
    """The document's own title, else its file name."""
    return title.strip()[:500] or path.rsplit("/", 1)[-1]
