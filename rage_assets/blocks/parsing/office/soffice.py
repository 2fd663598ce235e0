"""Conversion of old office files by LibreOffice, where it is installed."""

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from rage_assets.blocks.parsing.content import Content

_SECONDS = 60


def convert(content: Content, suffix: str, media_type: str) -> Content | None:
    """Convert a file with LibreOffice.

    Args:
        content: The file.
        suffix: What it shall become, such as `docx`.
        media_type: The media type of that.

    Returns:
        None where LibreOffice is missing, fails or takes too long: then our own reader has the file.
    """
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="rage-soffice-") as folder:
        source = Path(folder, f"in{content.suffix or '.bin'}")
        source.write_bytes(content.data)
        command = [
            program, f"-env:UserInstallation={Path(folder, 'profile').as_uri()}", "--headless", "--norestore",
            "--nolockcheck", "--convert-to", suffix, "--outdir", str(Path(folder, "out")), str(source),
        ]  # fmt: skip
        environment = {"HOME": folder, "PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
        quiet = subprocess.DEVNULL
        # A program found by its name, with paths of our own making; nothing of the file's name reaches it.
        process = subprocess.Popen(  # noqa: S603
            command, stdin=quiet, stdout=quiet, stderr=quiet, env=environment, cwd=folder, start_new_session=True
        )
        try:
            process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(process)
        made = Path(folder, "out", f"in.{suffix}")
        if not made.is_file() or not made.stat().st_size:
            return None
        return Content(made.read_bytes(), f"{content.path}.{suffix}", media_type, content.passwords)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End LibreOffice and what it started, which outlives its launcher otherwise."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
