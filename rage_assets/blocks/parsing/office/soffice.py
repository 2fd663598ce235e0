"""Conversion of old office files by LibreOffice, where it is installed."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline
from rage_assets.blocks.parsing.program import output_of
from resources.errors import ParseFailed

_SECONDS = 60


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
            program, f"-env:UserInstallation={profile}", "--headless", "--norestore", "--nolockcheck",
            "--convert-to", suffix, "--outdir", str(Path(folder, "out")), str(source),
        ]  # fmt: skip
        environment = {"HOME": folder, "TMPDIR": folder, "PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
        try:
            # A program found by its name, with paths of our own making; nothing of the file's name reaches it.
            ended = output_of(command, _SECONDS, environment, folder=folder, leaves=str(socket)) is not None
        finally:
            socket.unlink(missing_ok=True)
        made = Path(folder, "out", f"in.{suffix}")
        if not ended or not made.is_file() or not made.stat().st_size:
            return None
        return Content(made.read_bytes(), f"{content.path}.{suffix}", media_type, content.passwords)


def _socket(profile: str) -> Path:
    """The socket that LibreOffice opens for a profile, outside of it, and leaves behind where it is killed."""
    digest = hashlib.md5(profile.encode("utf-16-le"), usedforsecurity=False).digest()
    return Path(f"/tmp/OSL_PIPE_{os.getuid()}_SingleOfficeIPC_{''.join(f'{byte:x}' for byte in digest)}")  # noqa: S108  # nosec B108
