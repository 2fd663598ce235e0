"""Recognising characters on pictures, beside Tesseract, in one run."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.bench import Bench, note
from benchmarks.figures import Figure, Skipped

_TIME_LIMIT_S = 300


def run(bench: Bench) -> list[Figure]:
    """Pages a second and right characters, over every picture and scanned page whose text is known."""
    folder = bench.data / "documents"
    if not folder.is_dir():
        raise Skipped(f"there are no documents in {folder}")
    readers: dict[str, Callable[[Path], str]] = {"ours": _ours}
    if shutil.which("tesseract"):
        readers["Tesseract"] = lambda path: _tesseract(path, bench.root)
    pictures = list(_pictures(folder))
    figures = []
    for name, read in readers.items():
        note(name)
        read(pictures[0][0])  # models are loaded once, and are no part of a page's time
        right, seconds = [], 0.0
        for path, truth in pictures:
            began = time.perf_counter()
            text = read(path)
            seconds += time.perf_counter() - began
            right.append(_right(text, truth))
        said = f"{len(pictures)} files, one page each"
        figures += [
            Figure(f"{name}: pages recognised", len(pictures) / seconds, "pages/s", note=said),
            Figure(f"{name}: characters right", 100 * sum(right) / len(right), "%"),
        ]
    return figures


def _pictures(folder: Path) -> Iterator[tuple[Path, str]]:
    for kind in ("images", "pdf_scanned"):
        for path in sorted((folder / kind).iterdir()):
            truth = next((path.with_name(path.name + end) for end in (".truth.txt", ".truth.md")
                          if path.with_name(path.name + end).exists()), None)  # fmt: skip
            if truth is not None:
                yield path, truth.read_text("utf-8")


def _ours(path: Path) -> str:
    from rage_assets.blocks.parsing import parse_file

    return "\n".join(block.text for block in parse_file(path, path.name).blocks)


def _tesseract(path: Path, scratch: Path) -> str:
    picture = path
    if path.suffix == ".pdf":
        import pypdfium2

        picture = scratch / f"{path.stem}.png"
        with pypdfium2.PdfDocument(path) as document:
            document[0].render(scale=300 / 72).to_pil().save(picture)
    done = subprocess.run(
        ["tesseract", str(picture), "stdout", "--psm", "1"], capture_output=True, timeout=_TIME_LIMIT_S, check=True
    )
    return done.stdout.decode()


def _right(text: str, truth: str) -> float:
    """The share of characters that are right, white space and case apart."""
    from rapidfuzz.distance import Levenshtein

    found, wanted = ("".join(each.split()).lower() for each in (text, truth))
    return max(0.0, 1 - Levenshtein.distance(found, wanted) / max(1, len(wanted)))
