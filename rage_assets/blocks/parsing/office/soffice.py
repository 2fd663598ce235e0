"""Conversion of old office files by LibreOffice, where it is installed."""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from resources.errors import ParseFailed

_SECONDS = 60
# LibreOffice is several processes, which outlive the one that is started. A shell leads their group and ends it: when the
# conversion is done, and when its input closes, which it does whichever way the process that asks for it dies.
_GUARD = '("$@" </dev/null; kill -s KILL 0) & read -r _; rm -f "$0"; kill -s KILL 0'


def read_converted(content: Content, suffix: str, media_type: str, parse: Callable[[Content], Outline]) -> Outline | None:
    """Read a file as what LibreOffice makes of it.

    Args:
        content: The file.
        suffix: What it shall become, such as `docx`.
        media_type: The media type of that.
        parse: What reads that.

    Returns:
        None where LibreOffice is missing or what it makes says nothing: then our own reader has the file.
    """
    converted = convert(content, suffix, media_type)
    if converted is None:
        return None
    try:
        outline = parse(converted)
    except ParseFailed:
        return None
    return outline if outline.blocks else None


def convert(content: Content, suffix: str, media_type: str) -> Content | None:
    """Convert a file with LibreOffice.

    Args:
        content: The file.
        suffix: What it shall become, such as `docx`.
        media_type: The media type of that.

    Returns:
        None where LibreOffice is missing, fails or takes too long.
    """
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="rage-soffice-") as folder:
        source = Path(folder, f"in{content.suffix or '.bin'}")
        source.write_bytes(content.data)
        profile = Path(folder, "profile").as_uri()
        socket = _socket(profile)
        command = [
            "/bin/sh", "-c", _GUARD, str(socket), program, f"-env:UserInstallation={profile}", "--headless", "--norestore",
            "--nolockcheck", "--convert-to", suffix, "--outdir", str(Path(folder, "out")), str(source),
        ]  # fmt: skip
        environment = {"HOME": folder, "TMPDIR": folder, "PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
        quiet = subprocess.DEVNULL
        # A program found by its name, with paths of our own making; nothing of the file's name reaches it.
        process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, env=environment, cwd=folder, start_new_session=True
        )
        try:
            process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(process)
            socket.unlink(missing_ok=True)
        made = Path(folder, "out", f"in.{suffix}")
        if not made.is_file() or not made.stat().st_size:
            return None
        return Content(made.read_bytes(), f"{content.path}.{suffix}", media_type, content.passwords)


def _socket(profile: str) -> Path:
    """The socket that LibreOffice opens for a profile, outside of it, and leaves behind where it is killed."""
    digest = hashlib.md5(profile.encode("utf-16-le"), usedforsecurity=False).digest()
    return Path(f"/tmp/OSL_PIPE_{os.getuid()}_SingleOfficeIPC_{''.join(f'{byte:x}' for byte in digest)}")  # noqa: S108  # nosec B108


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End LibreOffice with all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        process.stdin.close()
