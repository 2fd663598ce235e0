import os
import signal
import subprocess
import sys
import time

import pytest

from rage_assets.blocks.parsing.program import output_of

LIBREOFFICE = (
    "from rage_assets.blocks.parsing.content import Content\n"
    "from rage_assets.blocks.parsing.office import soffice\n"
    "soffice.shutil.which = lambda name: {!r}\n"
    "soffice.convert(Content(b'x', 'a.doc', ''), 'docx', '')\n"
)
TESSERACT = (
    "from PIL import Image\n"
    "from rage_assets.blocks.parsing.images.tesseract import Tesseract\n"
    "Tesseract({!r}, frozenset()).read(Image.new('L', (9, 9)))\n"
)


def sh(script, seconds=30, **more):
    return output_of(["/bin/sh", "-c", script], seconds, {"PATH": os.defpath}, **more)


def hanging(folder):
    """What starts a process that hangs, waits for it, and writes down its number."""
    return f"sleep 60 & echo $! > {folder}/part; mv {folder}/part {folder}/number; wait"


def test_a_program_reads_what_it_is_given_and_says_what_it_prints():
    assert sh("tr a-z A-Z; echo unseen >&2", data=b"x" * 200_000) == b"X" * 200_000


def test_what_fails_or_is_missing_has_no_output():
    assert sh("echo half; exit 3") is None
    assert output_of(["/nowhere/program"], 30, {}) is None


def test_what_takes_too_long_ends_with_all_that_it_started(tmp_path):
    assert sh(hanging(tmp_path), seconds=2) is None
    _until(lambda: not _runs(int((tmp_path / "number").read_text())))


def test_what_ends_leaves_no_process_behind(tmp_path):
    assert sh(f"sleep 60 & echo $! > {tmp_path}/number; echo done") == b"done\n"
    _until(lambda: not _runs(int((tmp_path / "number").read_text())))


@pytest.mark.parametrize("asks", [LIBREOFFICE, TESSERACT], ids=["libreoffice", "tesseract"])
def test_a_program_ends_with_the_process_that_asked_for_it(tmp_path, asks):
    program, number = tmp_path / "program", tmp_path / "number"
    program.write_text(f"#!/bin/sh\n{hanging(tmp_path)}\n")
    program.chmod(0o755)
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    reader = subprocess.Popen([sys.executable, "-c", asks.format(str(program))], env=environment)
    _until(number.exists)
    reader.send_signal(signal.SIGKILL)
    reader.wait()
    _until(lambda: not _runs(int(number.read_text())))


def test_what_a_killed_program_leaves_is_removed(tmp_path):
    left = tmp_path / "left"
    left.touch()
    asks = f"from tests.parsing.test_program import hanging, sh; sh(hanging({str(tmp_path)!r}), leaves={str(left)!r})"
    reader = subprocess.Popen([sys.executable, "-c", asks])
    _until((tmp_path / "number").exists)
    reader.send_signal(signal.SIGKILL)
    reader.wait()
    _until(lambda: not left.exists())


def _until(holds):
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def _runs(number):
    try:
        with open(f"/proc/{number}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
