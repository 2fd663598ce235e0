"""How many cores this process may use."""

import math
import os
from pathlib import Path


def cores(groups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int:
    """The cores that are there, that this process may run on, and that the quota of its container pays for."""
    try:
        there = len(os.sched_getaffinity(0))
    except AttributeError:  # no Linux
        there = os.cpu_count() or 1
    return max(1, min([there, *(math.ceil(quota) for quota in _quotas(groups, own))]))


def _quotas(groups: Path, own: Path) -> list[float]:
    """The quotas of the control groups, in cores, from this process's own to the root; versions 2 and 1."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = groups / "cpu" if controllers else groups
        folder = root / path.lstrip("/")
        for each in (folder, *folder.parents):
            found += _quota(each)
            if each == root:
                break
    return found


def _quota(folder: Path) -> list[float]:
    try:
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text().split()[:2]
        else:
            quota, period = ((folder / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
        return [int(quota) / int(period)] if quota not in ("max", "-1") and int(period) > 0 else []
    except (OSError, ValueError):
        return []
