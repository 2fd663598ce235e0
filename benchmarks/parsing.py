"""What is read of real documents, beside what other tools read of the same, in one run."""

import importlib.util
import json
import os
import subprocess
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.bench import Bench, note
from benchmarks.figures import Figure, Skipped, at_least

# A Python with `unstructured` and `markitdown` installed; without it, there is nothing to stand beside.
_PEERS = "RAGE_BENCH_PEERS"
_TOOLS = ("unstructured", "markitdown")
_PAGES = ("pdf_text", "pdf_tables")
_PDF_FASTER = 3.0
# The best references known for each format: words, cells of tables, headings found.
_AIMS: dict[str, tuple[float | None, float | None, float | None]] = {
    "asciidoc": (0.93, 0.71, 0.50), "csv": (1.0, 1.0, None), "docx": (0.90, 0.95, 0.99), "epub": (0.999, None, 1.0),
    "html": (0.94, 0.99, 1.0), "images": (0.99, None, None), "latex": (0.90, None, None),
    "legacy_office": (0.90, 0.85, None), "markdown": (0.98, 1.0, 1.0), "odf": (0.90, 0.85, None),
    "pdf_scanned": (0.90, None, None),
    "pdf_tables": (None, 0.89, None), "pdf_text": (0.96, 0.77, 0.67), "pptx": (0.90, 0.71, 1.0),
    "rtf": (0.985, None, None), "vtt": (0.90, None, None),
    "xlsx": (0.86, 0.95, 1.0), "xml_jats": (0.90, 0.85, None),
}  # fmt: skip
_ALL = (0.95, 0.92, 0.95)
_METRICS = ("text", "cells", "head_r")
_SHOWN = {"text": "words, F1", "cells": "cells of tables, F1", "head_r": "headings found"}


def run(bench: Bench) -> list[Figure]:
    """Scores by format, ours and theirs, and the speed of PDF."""
    folder = bench.data / "documents"
    if not folder.is_dir():
        raise Skipped(f"there are no documents in {folder}")
    scorer = _scorer(bench.data.parent / "tools" / "score_documents.py")
    note("ours")
    rows = {"ours": _ours(folder)}
    for tool in _TOOLS:
        if os.environ.get(_PEERS):
            note(tool)
            rows[tool] = _theirs(os.environ[_PEERS], tool, folder, bench.root / f"{tool}.jsonl")
    scores = {name: scorer.evaluate(folder, read) for name, read in rows.items()}
    figures = []
    for kind in [*scores["ours"]["formats"], "all"]:
        aims = _ALL if kind == "all" else _AIMS.get(kind, (None, None, None))
        for metric, aim in zip(_METRICS, aims, strict=True):
            figures += _figure(kind, metric, aim, scores)
    return figures + _speed(folder, rows)


def _figure(kind: str, metric: str, aim: float | None, scores: dict[str, Any]) -> list[Figure]:
    found = {
        name: (score["total"] if kind == "all" else score["formats"].get(kind, {})).get(metric)
        for name, score in scores.items()
    }
    if found["ours"] is None:
        return []
    said = ", ".join(f"{name} {value:.3f}" for name, value in found.items() if name != "ours" and value is not None)
    name = f"{kind}: {_SHOWN[metric]}"
    return [at_least(name, found["ours"], "", aim, said) if aim else Figure(name, found["ours"], "", note=said)]


def _ours(folder: Path) -> dict[str, Any]:
    from rage_assets.blocks.parsing import parse_file
    from resources.errors import ParseFailed

    rows = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or ".truth." in path.name or path.name == "SOURCE.txt" or path.suffix == ".jsonl":
            continue
        began = time.perf_counter()
        try:
            blocks = [block.model_dump(mode="json") for block in parse_file(path, name).blocks]
            row: dict[str, Any] = {"path": name, "blocks": blocks}
        except ParseFailed as error:
            row = {"path": name, "error": {"reason": error.reason}}
        rows[name] = row | {"seconds": time.perf_counter() - began}
    return rows


def _theirs(python: str, tool: str, folder: Path, out: Path) -> dict[str, Any]:
    script = Path(__file__).with_name("peers.py")
    subprocess.run([python, str(script), tool, str(folder), str(out)], check=True, capture_output=True, timeout=3600)
    with out.open(encoding="utf-8") as lines:
        return {row["path"]: row for row in map(json.loads, lines)}


def _speed(folder: Path, rows: dict[str, dict[str, Any]]) -> list[Figure]:
    """Pages a second over the same PDFs with a text layer; what only recognising reads is left out."""
    import pypdfium2

    pages: dict[str, int] = {}
    for kind in _PAGES:
        for path in (folder / kind).glob("*.pdf"):
            with pypdfium2.PdfDocument(path) as document:
                has_text = any(document[at].get_textpage().count_chars() for at in range(len(document)))
                if has_text:
                    pages[f"{kind}/{path.name}"] = len(document)
    rates = {}
    for name, read in rows.items():
        both = [path for path in pages if "blocks" in read.get(path, {})]
        rates[name] = sum(pages[path] for path in both) / sum(read[path]["seconds"] for path in both)
    figures = [Figure(f"pages of PDF with a text layer: {name}", rate, "pages/s") for name, rate in rates.items()]
    if "unstructured" in rates:
        figures.append(at_least("ours ÷ unstructured (fast)", rates["ours"] / rates["unstructured"], "×", _PDF_FASTER))
    return figures


def _scorer(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_documents", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise Skipped(f"the scorer of documents is not there ({path})")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
