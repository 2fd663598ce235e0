"""What files that mean harm cost everybody else."""

import random
import shutil
import time
from pathlib import Path

from benchmarks.bench import Bench, note
from benchmarks.figures import Figure, Skipped, at_most
from benchmarks.homes import SPACE
from benchmarks.records import SEED, mixed_records, write_files

_FOLDER_S = 600.0
_DOCUMENTS, _ONE_IN = 200, 10
_SLOWER = 1.3


def run(bench: Bench) -> list[Figure]:
    """The whole folder of hostile files, and good documents with and without one of them in ten."""
    folder = bench.data / "hostile"
    if not folder.is_dir():
        raise Skipped(f"there are no hostile files in {folder}")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "SOURCE.txt")
    return [*_whole(bench, folder, len(files)), *_among(bench, files)]


def _whole(bench: Bench, folder: Path, files: int) -> list[Figure]:
    note("the whole folder")
    home = bench.home()
    home.space(folder)
    done = home.rage("ingest", SPACE)
    documents = done.report["documents"]
    settled = documents["new"]
    quarantined = documents["quarantined"]
    home.remove()
    said = f"{files} files and what is inside them: {settled} staged, {quarantined} of them quarantined"
    return [
        at_most("a folder of hostile files, whole command", done.seconds, "s", _FOLDER_S, said),
        Figure("… peak memory of all processes", done.peak_bytes / 1e9, "GB"),
    ]


def _among(bench: Bench, files: list[Path]) -> list[Figure]:
    """Good documents are as many in both runs; the whole command is timed, its start included."""
    good = mixed_records(bench.data, bench.size(_DOCUMENTS, 40))
    seconds = {}
    for name, share in (("without", 0), ("with", len(good) // _ONE_IN)):
        note(f"{len(good)} documents {name} hostile ones")
        home = bench.home()
        folder = write_files(bench.root / f"hostile-{name}", good)
        for number, path in enumerate(random.Random(SEED).sample(files, share)):
            shutil.copyfile(path, folder / f"hostile-{number}{path.suffix}")
        home.space(folder)
        began = time.perf_counter()
        home.rage("ingest", SPACE)
        seconds[name] = time.perf_counter() - began
        home.remove()
    said = f"{len(good)} documents, {seconds['without']:.1f} s without"
    return [
        at_most("good documents with one hostile in ten ÷ without", seconds["with"] / seconds["without"], "×", _SLOWER, said)
    ]
