"""Ingestion end to end, against the embedding model alone on the same texts."""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import UUID

from benchmarks.bench import Bench, expect, note
from benchmarks.figures import Figure, Skipped, at_least
from benchmarks.homes import SPACE, Home
from benchmarks.records import SEED, folder_of, short_records, write_files

_AIM = 0.9
_SHORT_DOCUMENTS = 5000
_LEAST_ENCODED = 1000
_ROOT = Path(__file__).resolve().parent.parent


def run(bench: Bench) -> list[Figure]:
    """Long documents and short ones, each read in this warmed process and by a command of its own."""
    bench.warm_up()
    figures = _measure(bench, "fastapi's documentation and code", _fastapi(bench), sample=True)
    short = short_records(bench.data, bench.size(_SHORT_DOCUMENTS))
    folder = write_files(bench.root / "short", short)
    return figures + _measure(bench, f"{len(short):,} short documents", folder, sample=False)


def _fastapi(bench: Bench) -> Path:
    try:
        folder = folder_of(bench.data, "corpora", "fastapi")
    except Skipped as reason:
        raise Skipped(f"{reason} It is what long documents are measured on.") from None
    if not bench.small:
        return folder
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    chosen = bench.root / "fastapi"
    for file in files[:: max(1, len(files) // bench.size(len(files)))]:
        target = chosen / file.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return chosen


def _measure(bench: Bench, what: str, folder: Path, *, sample: bool) -> list[Figure]:
    from rage_assets.ingest import run_ingest

    note(f"{what}: in this process")
    home = bench.home()
    with home.running():
        space = home.space(folder)
        warm = run_ingest(home.settings, SPACE)
        texts = _texts(home, space)
    note(f"{what}: the model alone")
    bare_seconds = _encode_alone(bench, texts, sample=sample)
    note(f"{what}: by a command")
    other = bench.home()
    other.space(folder)
    cold = other.rage("ingest", SPACE)
    expect(cold.report, new=warm.documents.new)
    for each in (home, other):
        each.remove()
    bare = len(texts) / bare_seconds
    said = f"{warm.documents.new:,} documents, {warm.passages:,} passages, {len(texts):,} distinct texts"
    return [
        Figure(f"{what}: the model alone", bare, "texts/s", note=said),
        Figure(f"{what}: ingestion", len(texts) / warm.seconds, "texts/s"),
        at_least(f"{what}: ingestion ÷ model alone", bare_seconds / warm.seconds, "×", _AIM),
        Figure(f"{what}: whole command ÷ model alone", bare_seconds / cold.seconds, "×", note="start included"),
    ]


def _texts(home: Home, space: UUID) -> list[str]:
    """The texts of the passages, each once, as the pipeline embeds them."""
    with home.running("worker") as platform, platform.database.transaction(space=space) as connection:
        rows = connection.execute("SELECT DISTINCT text FROM passages ORDER BY text").fetchall()
    return [row["text"] for row in rows]


def _encode_alone(bench: Bench, texts: list[str], *, sample: bool) -> float:
    """The seconds of the bare model for all texts; from a random sample, scaled by characters, where asked."""
    chosen = random.Random(SEED).sample(texts, min(len(texts), _LEAST_ENCODED)) if sample else texts
    file = bench.root / "texts.json"
    file.write_text(json.dumps(chosen), "utf-8")
    done = subprocess.run([sys.executable, "-m", "benchmarks.bare", str(file)], cwd=_ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"The model alone failed: {done.stderr[-2000:]}")
    seconds: float = json.loads(done.stdout.splitlines()[-1])["seconds"]
    return seconds * sum(map(len, texts)) / sum(map(len, chosen))
