"""A whole folder of files that mean harm, among good ones, in one real run."""

import os
import shutil
import tempfile
from pathlib import Path

import psutil
import pytest

from tests.parsing.conftest import SHARED

pytestmark = pytest.mark.real
REASONS = {"empty", "binary", "encoding", "broken", "encrypted", "no_text", "unsupported_format", "too_large", "too_deep"}
GATED = {"no_mojibake", "few_replacement_characters"}
GOOD = {f"good-{n}.md": f"# Good {n}\n\nA good document about the number {n}.\n" for n in range(20)}


def test_every_hostile_file_is_live_or_in_quarantine_and_every_good_one_is_live(home, write):
    if not (SHARED / "hostile").is_dir():
        pytest.skip("the evaluation data is not beside this checkout")
    folder = write(GOOD)
    shutil.copytree(SHARED / "hostile", folder / "hostile", ignore=shutil.ignore_patterns("SOURCE.txt"))
    space = home.space(folder=folder)
    scratch = set(Path(tempfile.gettempdir()).glob("rage-reading-*"))
    report = home.ingest(min_failing_documents=10_000)
    assert report.state == "partly"
    live = {row["path"] for row in home.rows("SELECT path FROM documents", space=space)}
    held = {row["path"]: row["reason"] for row in home.rows("SELECT path, reason FROM quarantine", space=space)}
    assert set(GOOD) <= live
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")}
    assert files <= live | set(held)
    assert set(held.values()) <= REASONS | GATED  # and no time limit, no crash
    assert not home.rows("SELECT path FROM staged_documents", space=space)
    # nothing is left of what read them
    assert set(Path(tempfile.gettempdir()).glob(f"rage-reading-{os.getpid()}-*")) <= scratch
    running = [p for p in psutil.Process().children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]
    assert not [p for p in running if any("pebble" in part for part in p.cmdline())]


def test_what_is_read_twice_is_parsed_once(home, write):
    documents = SHARED / "documents"
    if not documents.is_dir():
        pytest.skip("the evaluation data is not beside this checkout")
    folder = write({})
    for kind in ("asciidoc", "csv", "docx", "eml", "epub", "latex", "odf", "pptx", "rtf", "vtt", "xlsx"):
        for path in sorted((documents / kind).iterdir()):
            if path.is_file() and ".truth." not in path.name and path.name != "SOURCE.txt":
                shutil.copyfile(path, folder / path.name)
    home.space(folder=folder)
    first = home.ingest(min_failing_documents=10_000)
    again = home.ingest(min_failing_documents=10_000)
    assert first.blocks > 1000
    assert (again.blocks, again.embedded, again.passages) == (0, 0, 0)
    assert again.documents.new == again.documents.changed == again.documents.removed == 0
    assert again.documents.unchanged == first.documents.new - first.documents.quarantined
