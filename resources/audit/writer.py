"""The writer: many threads hand in entries, one thread writes them, so that a transaction serves all who wait for it."""

import asyncio
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from functools import cached_property
from typing import NamedTuple

from resources.audit import anchor
from resources.audit.chain import Head, Row, link
from resources.audit.entry import Entry
from resources.audit.key import KeyRing
from resources.errors import InvalidInput, InvalidSettings, ServiceUnavailable
from resources.logs import get_logger
from resources.platform import Platform
from resources.postgres import audit_log
from resources.postgres.audit_log import unwritten

_log = get_logger(__name__)
_MOST_TOGETHER = 500
_MOST_WAITING = 10_000
_ANCHOR_EVERY_S = 1.0


class _Waiting(NamedTuple):
    """Entries, what is done when they are durable, and who of an event loop waits for that."""

    entries: Sequence[Entry]
    written: "Future[None]"
    told: "asyncio.Future[None] | None" = None


class AuditWriter:
    """Appends to the audit; threads share it. It opens nothing before the first entry.

    Args:
        platform: In a service's role; closed after this.
        wait_s: How long an entry may take before whoever waits for it is refused.
    """

    def __init__(self, platform: Platform, wait_s: float = 5.0) -> None:
        self._platform = platform
        self._wait_s = wait_s
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(_MOST_WAITING)
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()
        self._closed = threading.Event()
        self._ended = threading.Event()
        self._moved = threading.Event()
        self._head = Head()

    @cached_property
    def ring(self) -> KeyRing:
        """The keys of the audit."""
        return KeyRing.load(self._platform.settings)

    def submit(self, *entries: Entry) -> "Future[None]":
        """Hands in entries that are to stand together; the future is done when they are durable.

        Raises:
            ServiceUnavailable: Too many entries wait already, or the writer is closed.
        """
        return self._submit(_Waiting(entries, Future())).written

    def _submit(self, waiting: _Waiting) -> _Waiting:
        with self._starting:
            if self._closed.is_set():
                raise unwritten("this process is stopping")
            if not self._threads:
                self._start()
            try:
                self._queue.put_nowait(waiting)
            except queue.Full:
                raise unwritten("too much waits to be written") from None
        return waiting

    def append(self, *entries: Entry) -> None:
        """Writes entries; returns when they are durable.

        Raises:
            ServiceUnavailable: They are not, in time.
        """
        written = self.submit(*entries)
        try:
            written.result(self._wait_s)
        except FutureTimeout:
            written.cancel()
            raise unwritten("the database takes too long") from None

    async def write(self, *entries: Entry) -> None:
        """As `append`, for those who may not block. A task that is cancelled does not take its entries back."""
        told = asyncio.get_running_loop().create_future()
        written = self._submit(_Waiting(entries, Future(), told)).written
        try:
            async with asyncio.timeout(self._wait_s):
                await told
        except TimeoutError:
            written.cancel()
            raise unwritten("the database takes too long") from None
        written.result()

    def close(self) -> None:
        """Writes what was handed in, moves the anchor to the end, and stops."""
        with self._starting:
            self._closed.set()
        if self._threads:
            self._queue.put(None)
            self._threads[0].join(2 * self._wait_s)
            self._ended.set()
            self._moved.set()
            self._threads[1].join(2 * self._wait_s)

    def _start(self) -> None:
        self._threads = [
            threading.Thread(target=target, name=name, daemon=True)
            for target, name in ((self._write_all, "audit-writer"), (self._keep_anchor, "audit-anchor"))
        ]
        for thread in self._threads:
            thread.start()

    def _write_all(self) -> None:
        appender = audit_log.Appender(lambda: self._platform.database)
        stopping = False
        while not stopping:
            taken = [self._queue.get()]
            with suppress(queue.Empty):
                while taken[-1] is not None and len(taken) < _MOST_TOGETHER:
                    taken.append(self._queue.get_nowait())
            stopping = taken[-1] is None
            # whoever gave up waiting was told that nothing is written
            batch = [each for each in taken if each is not None and each.written.set_running_or_notify_cancel()]
            if batch:
                self._write(appender, batch)
        appender.close()

    def _write(self, appender: audit_log.Appender, batch: list[_Waiting]) -> None:
        entries = [entry for each in batch for entry in each.entries]
        try:
            self._head = appender.append(lambda head: self._linked(head, entries))
        except Exception as error:
            if len(batch) > 1 and isinstance(error, InvalidInput):  # one cannot be written: the others can
                for each in batch:
                    self._write(appender, [each])
                return
            _log.error("audit_not_written", entries=len(entries), exc_info=error)
            refused = error if isinstance(error, ServiceUnavailable) else unwritten(str(error))
            for each in batch:
                each.written.set_exception(refused)
        else:
            for each in batch:
                each.written.set_result(None)
            self._moved.set()
        _tell(batch)

    def _linked(self, head: Head, entries: Sequence[Entry]) -> list[Row]:
        return continued(self.ring, head, entries)

    def _keep_anchor(self) -> None:
        told = False
        while not self._ended.is_set() or self._moved.is_set():
            self._moved.wait()
            self._moved.clear()
            try:
                if self._head.seq:
                    move_anchor(self._platform, self.ring, self._head)
                told = False
            except Exception as error:
                if not told:  # once is enough; `rage audit verify` says it as often as it is asked
                    _log.error("audit_anchor_not_moved", exc_info=error)
                told = True
            self._ended.wait(_ANCHOR_EVERY_S)


def _tell(batch: Sequence[_Waiting]) -> None:
    """Wakes those who wait in event loops: each loop once, however many of its requests were written together."""
    loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for each in batch:
        if each.told is not None:
            loops.setdefault(each.told.get_loop(), []).append(each.told)
    for loop, waiting in loops.items():
        with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
            loop.call_soon_threadsafe(_settle, waiting)


def _settle(waiting: Sequence["asyncio.Future[None]"]) -> None:
    for each in waiting:
        if not each.done():
            each.set_result(None)


def continued(ring: KeyRing, head: Head, entries: Sequence[Entry]) -> list[Row]:
    """The rows that continue the chain.

    Raises:
        InvalidSettings: The chain was written with a key that this process does not have.
    """
    if head.key_id is not None and head.key_id not in ring:
        raise InvalidSettings(
            f"The audit was written with the key {head.key_id}, which this process does not have.",
            hint="Give every process the same RAGE_AUDIT_KEY, or the file keys/audit.key of the home that wrote it.",
        )
    return link(ring, head, entries)


def move_anchor(platform: Platform, ring: KeyRing, head: Head) -> None:
    """Moves the anchor to a row that is durable.

    Raises:
        AnchorBroken: The log does not hold what was anchored before.
        ServiceUnavailable: The database does not answer.
    """

    def holds(seq: int, hash_: bytes) -> bool:
        with platform.database.transaction(timeout_s=5) as connection:
            return audit_log.holds(connection, seq, hash_)

    anchor.advance(platform.settings.home, ring, head, holds)
