"""What the audit costs: `python -m benchmarks.auditing` prints entries a second, the wait for one, and verifying."""

import json
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

import psutil

from resources.audit.chain import link
from resources.audit.entry import Entry, Outcome
from resources.audit.key import KeyRing
from resources.audit.verify import verify
from resources.audit.writer import AuditWriter
from resources.platform import Platform
from resources.postgres.audit_log import Appender
from resources.settings import Settings

_DOCUMENTS = [f"00000000-0000-0000-0000-{n:012}" for n in range(10)]
_ROWS = 100_000


def main() -> None:
    """Measures in a home of its own."""
    path = Path(tempfile.mkdtemp(prefix="rage-audit-", dir="/tmp"))
    platform = Platform(Settings(home=path / "h"), "api")
    try:
        _ = platform.database
        measured = {"fdatasync": _disk(path)}
        writer = AuditWriter(platform, wait_s=30)
        _write(writer, 1, 20)
        measured |= {f"{threads} threads": _write(writer, threads, 1600 // threads) for threads in (1, 8, 32)}
        writer.close()
        print(json.dumps(measured | {"verify": _verify(platform)}, indent=2))
    finally:
        platform.close()
        shutil.rmtree(path, ignore_errors=True)


def _entry() -> Entry:
    return Entry("memory.search", Outcome.ALLOWED, actor="user:ann", status=200, details={"documents": _DOCUMENTS})


def _spread(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {f"p{q}_ms": round(1000 * ordered[int(len(ordered) * q / 100)], 2) for q in (50, 95, 99)}


def _disk(path: Path) -> dict[str, float]:
    """The floor under every durable commit: writing a page and waiting for the disk."""
    seconds = []
    with (path / "probe").open("wb", buffering=0) as file:
        for _ in range(300):
            file.write(b"x" * 8192)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            seconds.append(time.perf_counter() - began)
    return _spread(seconds)


def _write(writer: AuditWriter, threads: int, each: int) -> dict[str, float]:
    seconds: list[float] = []

    def work() -> None:
        for _ in range(each):
            began = time.perf_counter()
            writer.append(_entry())
            seconds.append(time.perf_counter() - began)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {"entries_per_s": round(threads * each / (time.perf_counter() - began))} | _spread(seconds)


def _verify(platform: Platform) -> dict[str, float]:
    ring, appender = KeyRing.load(platform.settings), Appender(lambda: platform.database)
    for _ in range(_ROWS // 1000):
        appender.append(lambda head: link(ring, head, [_entry()] * 1000))
    appender.close()
    process = psutil.Process()
    before, began = process.memory_info().rss, time.perf_counter()
    report = verify(platform, ring)
    assert report.whole, report.problems
    seconds = time.perf_counter() - began
    more = (process.memory_info().rss - before) / 2**20
    return {"rows": report.rows, "rows_per_s": round(report.rows / seconds), "more_memory_mb": round(more, 1)}


if __name__ == "__main__":
    main()
