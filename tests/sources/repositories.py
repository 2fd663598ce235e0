"""Real git repositories for tests."""

import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    rules = ("-c", "user.name=t", "-c", "user.email=t@t", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", "-C", str(folder), *rules, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(folder: Path, files: dict[str, str]) -> Path:
    """A repository with one commit on the branch main."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, files)
    return folder


def commit(folder: Path, files: dict[str, str] | None = None) -> None:
    """Writes files and commits all that differs."""
    for name, text in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x", "--allow-empty")


def files(reader):
    """What a reader finds, by path."""
    found = {}
    for file in reader.scan():
        with reader.open(file) as content:
            found[file.path] = content.read().decode()
    return found


def paths(reader):
    """The paths of what a reader finds, in its order."""
    return [file.path for file in reader.scan() if not file.problem]


def problems(reader):
    """What a reader cannot read, by path."""
    return {file.path: file.problem for file in reader.scan() if file.problem}
