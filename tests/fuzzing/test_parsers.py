"""Real files with random damage: each ends with blocks or a reason, and none takes its process with it."""

import os
import random
import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from rage_assets.blocks.isolation.limits import Limits
from rage_assets.blocks.isolation.pool import ReaderPool
from resources.errors import ParseFailed
from tests.parsing.conftest import SHARED

LEAST = 20  # files
SECONDS = float(os.environ.get("RAGE_TEST_FUZZ_SECONDS", "40"))
SEED = int(os.environ.get("RAGE_TEST_FUZZ_SEED", "0")) or None
_LARGEST = 300_000
# What a file may end with; `timeout`, `memory` and `crashed` are faults of a parser.
_REASONS = {"empty", "no_text", "too_large", "too_deep", "binary", "encoding", "encrypted", "broken", "unsupported_format"}


def damaged(data: bytes, chance: random.Random) -> bytes:
    """The bytes with one of the damages that files meet."""
    kind = chance.randrange(6)
    start = chance.randrange(len(data))
    length = chance.choice((1, 4, 64, 1024))
    if kind == 0:
        return data[:start]
    if kind == 1:
        return data[:start] + data[start + length :]
    if kind == 2:
        return data[:start] + chance.randbytes(length) + data[start + length :]
    if kind == 3:
        return data[:start] + data[start : start + length] * chance.randrange(2, 200) + data[start + length :]
    if kind == 4:
        other = chance.randrange(len(data))
        return data[:start] + data[other : other + length] + data[start + length :]
    changed = bytearray(data)
    for _ in range(chance.choice((1, 8, 64))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def test_no_damage_to_a_real_file_is_a_crash_or_a_hang():
    folder = SHARED / "documents"
    if not folder.is_dir():
        pytest.skip("the evaluation data is not beside this checkout")
    files = [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file() and ".truth." not in file.name and file.name != "SOURCE.txt" and file.stat().st_size < _LARGEST
    ]
    seed = SEED or random.SystemRandom().randrange(1 << 32)
    chance = random.Random(seed)
    tried, wrong = 0, []
    until = time.monotonic() + SECONDS
    under_way: list[tuple[Path, int, Future]] = []
    with ReaderPool(None, Limits(seconds=60), max_bytes=1 << 30) as pool:

        def settle() -> None:
            file, number, reading = under_way.pop(0)
            try:
                reading.result().close()
            except ParseFailed as failure:
                if failure.reason not in _REASONS and failure.reason != "generated":
                    wrong.append((file.name, number, failure.reason, str(failure)))

        while time.monotonic() < until or tried <= LEAST:  # a machine that is busy takes its time
            file = chance.choice(files)
            data = damaged(file.read_bytes(), chance)
            under_way.append((file, tried, pool.submit([data], file.name)))
            tried += 1
            if len(under_way) > 4:
                settle()
        while under_way:
            settle()
    assert not wrong, f"RAGE_TEST_FUZZ_SEED={seed}: {wrong}"
    assert tried > LEAST
