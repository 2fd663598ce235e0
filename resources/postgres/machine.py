"""How much memory this machine, or the container that this runs in, has."""

from pathlib import Path


def memory(groups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int:
    """The bytes that are there and that the limits of this process's control groups allow; versions 2 and 1."""
    import psutil

    return min([int(psutil.virtual_memory().total), *_limits(groups, own)])


def _limits(groups: Path, own: Path) -> list[int]:
    try:
        lines = own.read_text().splitlines()
    except OSError:  # no Linux
        return []
    found = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "memory" not in controllers.split(","):
            continue
        root = groups / "memory" if controllers else groups
        folder = root / path.lstrip("/")
        for each in (folder, *folder.parents):
            found += _limit(each / ("memory.limit_in_bytes" if controllers else "memory.max"))
            if each == root:
                break
    return found


def _limit(file: Path) -> list[int]:
    try:
        return [int(file.read_text())]
    except (OSError, ValueError):  # none, or "max"
        return []
