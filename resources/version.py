"""The code version that every block, run and answer carries."""

import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path


@cache
def code_version() -> str:
    """The package's version, and the commit it was taken from where it runs from a checkout."""
    root = Path(__file__).resolve().parent.parent
    number = version("rage")
    if not (root / ".git").exists():
        return number
    try:
        commit = subprocess.run(  # noqa: S603 -- a constant command
            ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"],  # noqa: S607 -- git is found as the user finds it
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        ).stdout.strip()
    except (subprocess.SubprocessError, OSError):
        return number
    return f"{number}+{commit}"
