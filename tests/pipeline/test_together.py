"""Ingestions in processes of their own: beside each other, interrupted, and over files that do not keep still."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.real


def rage(home, *arguments):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAGE_")} | {"RAGE_HOME": str(home.path)}
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_ingestions_of_one_space_at_once_both_end_well(home, write):
    folder = write({f"{index}.md": f"# {index}\n\nText number {index} of several.\n" for index in range(30)})
    space = home.space(folder=folder)
    both = [rage(home, "ingest", "demo", "--json") for _ in range(2)]
    reports = [json.loads(process.communicate(timeout=180)[0]) for process in both]
    assert [report["state"] for report in reports] == ["succeeded", "succeeded"]
    found = sorted((report["documents"]["new"], report["documents"]["unchanged"]) for report in reports)
    assert found == [(0, 30), (30, 0)]
    assert len(home.rows("SELECT 1 FROM documents", space=space)) == 30


def test_what_was_read_is_embedded_while_the_rest_is_read(home, write):
    from rage_assets.ingest import run_ingest

    folder = write({f"{index}.md": f"# {index}\n\nText number {index} of several.\n" for index in range(6)})
    space = home.space(folder=folder)
    embedded = []

    def held_up(stage, done, total):
        """Holds the reading up after the first files, until these have vectors."""
        deadline = time.monotonic() + 60
        while stage == "parse" and done < 6 and not embedded and time.monotonic() < deadline:
            embedded.extend(home.rows("SELECT 1 FROM vectors", space=space))
            time.sleep(0.1)

    report = run_ingest(home.settings(batch_documents=2), "demo", on_progress=held_up)
    assert (report.state, report.documents.new) == ("succeeded", 6)
    assert embedded


def test_ctrl_c_stops_with_a_word_and_the_next_run_goes_on(home, write):
    folder = write({f"{index}.md": f"# {index}\n\n" + f"Text number {index} of several. " * 40 for index in range(200)})
    space = home.space(folder=folder)
    process = rage(home, "ingest", "demo")
    deadline = time.monotonic() + 60
    while not home.rows("SELECT 1 FROM staged_documents", space=space) and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    report = home.ingest()
    assert (report.state, report.documents.new) == ("succeeded", 200)
    states = [row["state"] for row in home.rows("SELECT state FROM runs ORDER BY created_at", space=space)]
    assert states == ["failed", "succeeded"]


def test_files_that_vanish_and_change_while_they_are_read_stop_nothing(home, write):
    folder = write({f"{index:03}.md": f"# {index}\n\nText number {index}.\n" for index in range(300)})
    space = home.space(folder=folder)
    over = threading.Event()

    def disturb():
        number = 0
        while not over.is_set():
            path = folder / f"{number % 300:03}.md"
            path.unlink(missing_ok=True)
            path.write_text(f"# {number}\n\nOther text {number}.\n")
            (folder / f"{(number * 7) % 300:03}.md").unlink(missing_ok=True)
            number += 1

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        report = home.ingest()
    finally:
        over.set()
        thread.join()
    assert report.state in ("succeeded", "partly")
    home.ingest()
    on_disk = {path.name for path in folder.iterdir() if path.stat().st_size}
    rows = home.rows("SELECT path FROM documents", space=space)
    assert {row["path"] for row in rows} == on_disk
