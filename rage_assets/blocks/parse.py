"""The blocks stage: parses staged documents into staged blocks; what cannot be parsed goes to quarantine."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any
from uuid import UUID

from rage_assets.blocks.children import stage_children
from rage_assets.blocks.isolation.opening import reader_pool
from rage_assets.blocks.isolation.pool import ReaderPool
from rage_assets.blocks.isolation.reading import Reading
from rage_assets.blocks.twins import Twin, twins_of
from rage_assets.raw.stage import Stager
from rage_assets.recipe import recipe_of
from rage_assets.work import Work
from resources import identity
from resources.encryption.errors import Tampered
from resources.errors import NotFound, ParseFailed
from resources.postgres import children, staged_texts, staging
from resources.postgres.quarantine import SKIPPED, Failure
from resources.postgres.quotas import Quota

# A reader never waits for the next file, and no more of them than this are on their way.
_AHEAD = 3
_SAVED_TOGETHER = 5_000  # blocks

_Read = tuple[dict[str, Any], Reading | Twin]


def parse_staged(work: Work) -> dict[str, int]:
    """Parses every staged document that was not yet parsed, and the files that stand inside them.

    Returns:
        Counts: `documents`, `blocks`, `quarantined`, `skipped`, and `type:…` and `media:…` for each type of block and media.
    """
    with work.transaction() as connection:
        stage = _Stage(work, Stager(work, Quota(connection, work.space_id)))
    with reader_pool(work.platform.settings) as pool:
        while stage.read_all(pool):  # until what was found inside the last ones is read, too
            pass
    with work.transaction() as connection:
        work.count(connection, stage.stager.counts)
    return dict(stage.totals)


class _Stage:
    """One run's reading: files go to the readers as they come, and are saved as they come back."""

    def __init__(self, work: Work, stager: Stager) -> None:
        self._work = work
        self.stager = stager
        self.totals: Counter[str] = Counter()
        self._read: list[_Read] = []
        self._failures: list[Failure] = []

    def read_all(self, pool: ReaderPool) -> bool:
        """Reads what is staged and not yet read; returns whether there was any."""
        under_way: dict[Future[Reading], dict[str, Any]] = {}
        found = False
        for batch in self._work.batches("scanned"):
            found = True
            twins = twins_of(self._work, batch)
            for row in batch:
                if row["id"] in twins:
                    self._read.append((row, twins[row["id"]]))
                    self._save_enough()
                    continue
                while len(under_way) >= _AHEAD * pool.workers:
                    self._collect(under_way)
                self._begin(pool, row, under_way)
        while under_way:
            self._collect(under_way)
        self._save()
        return found

    def _begin(self, pool: ReaderPool, row: dict[str, Any], under_way: dict[Future[Reading], dict[str, Any]]) -> None:
        objects, space = self._work.platform.objects, self._work.space_id
        try:
            data = objects.file(space, row["sha256"]) or objects.stream(space, row["sha256"])
            under_way[pool.submit(data, row["path"])] = row
        except Tampered as error:
            self._failures.append(Failure(row, "tampered", str(error)))
        except NotFound as error:
            self._failures.append(Failure(row, "bytes_lost", str(error), retryable=True))

    def _collect(self, under_way: dict[Future[Reading], dict[str, Any]]) -> None:
        """Takes what is ready; waits until something is."""
        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
            row = under_way.pop(future)
            try:
                self._read.append((row, future.result()))
            except ParseFailed as error:
                self._failures.append(Failure(row, error.reason, str(error)))
        self._save_enough()

    def _save_enough(self) -> None:
        """Saves what was read so far, if it is worth a transaction."""
        settings = self._work.platform.settings
        blocks = sum(reading.blocks for _, reading in self._read)
        if blocks >= _SAVED_TOGETHER or len(self._read) + len(self._failures) >= settings.batch_documents:
            self._save()

    def _save(self) -> None:
        with self._work.transaction() as connection:
            holding = children.holding(connection, [row["id"] for row, _ in self._read])
        for row, reading in self._read:
            if reading.document.children or row["id"] in holding:
                stage_children(self._work, self.stager, row, reading.document.children)
        with self._work.transaction() as connection:
            self._work.quarantine(connection, self._failures)
            blocks = staged_texts.save_blocks(connection, self._work.space_id, self._rows())
            staging.save_parsed(connection, [_facts(row, reading) for row, reading in self._read])
            parsed, skipped = len(self._read), sum(failure.reason in SKIPPED for failure in self._failures)
            quarantined = len(self._failures) - skipped
            counts = {"quarantined": quarantined, "skipped": skipped}
            self._work.count(connection, counts, parsed=parsed, blocks=blocks)
        for _, reading in self._read:
            reading.close()
        self.totals.update(documents=parsed, blocks=blocks, quarantined=quarantined, skipped=skipped)
        self._read, self._failures = [], []
        done = sum(self.totals[name] for name in ("documents", "quarantined", "skipped"))
        self._work.progress("parse", done, None)

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        for row, reading in self._read:
            self.totals[f"media:{reading.document.media_type}"] += 1
            places: Counter[tuple[tuple[str, ...], str]] = Counter()
            for order, block in enumerate(reading.stream()):
                place = (tuple(block.section), block.type.value)
                self.totals[f"type:{block.type}"] += 1
                yield (
                    row["id"],
                    _block_id(row["id"], place, places[place]),
                    order,
                    block.type.value,
                    block.text,
                    block.language,
                    block.page,
                    block.section,
                    {"parser": reading.document.parser} | block.metadata,
                )
                places[place] += 1


def _facts(row: dict[str, Any], reading: Reading | Twin) -> tuple[UUID, str, str, str | None, str]:
    document = reading.document
    title = _title(row["path"], document.title)
    return row["id"], title, document.media_type, document.language, recipe_of(row["path"], document.media_type)


def _block_id(document: UUID, place: tuple[tuple[str, ...], str], occurrence: int) -> UUID:
    return identity.block_id(document, list(place[0]), place[1], occurrence)


def _title(path: str, title: str) -> str:
    """The document's own title, else its file name."""
    return title.strip()[:500] or path.rsplit("/", 1)[-1]
