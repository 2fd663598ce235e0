"""What a run leaves: JSON, and the table between two markers of docs/benchmarks.md."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure

_ROOT = Path(__file__).resolve().parent.parent
RESULTS = _ROOT / "benchmarks" / "results"
LATEST = RESULTS / "latest.json"
PAGE = _ROOT / "docs" / "benchmarks.md"
_BEGIN, _END = "<!-- figures: begin -->", "<!-- figures: end -->"


@dataclass(frozen=True)
class Section:
    """What one benchmark found, when and where.

    Attributes:
        title: What it measures.
        figures: Its figures.
        skipped: Why there are none.
        seconds: How long it took.
        machine: Where it ran; `load` is the machine's load when it began.
        date: When it began.
        code: The version of the code.
    """

    title: str
    figures: Sequence[Figure]
    skipped: str
    seconds: float
    machine: dict[str, Any]
    date: str
    code: str


def machine() -> dict[str, Any]:
    """The machine: its cores, CPU model and memory, and how busy it is."""
    import psutil

    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "cpu": names[0] if names else platform.processor() or platform.machine(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "load": round(os.getloadavg()[0], 1),
    }


def now() -> str:
    """This moment in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_json(path: Path, sections: dict[str, Section], *, small: bool) -> None:
    """Writes what a run found."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {name: asdict(section) for name, section in sections.items()}
    path.write_text(json.dumps({"small": small, "benchmarks": found}, indent=2, ensure_ascii=False) + "\n", "utf-8")


def publish(sections: dict[str, Section], order: Sequence[str]) -> None:
    """Puts what a full-size run found in place of what earlier ones found, in latest.json and on the page."""
    known = json.loads(LATEST.read_text("utf-8"))["benchmarks"] if LATEST.is_file() else {}
    found = {name: _read(section) for name, section in known.items()}
    found |= {name: section for name, section in sections.items() if section.figures or name not in found}
    found = {name: found[name] for name in order if name in found}
    write_json(LATEST, found, small=False)
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    PAGE.write_text(f"{before}{_BEGIN}\n\n{tables(found)}\n{_END}{after}", "utf-8")


def tables(sections: dict[str, Section]) -> str:
    """The sections as Markdown."""
    parts = []
    for name, section in sections.items():
        where = section.machine
        parts.append(f"### {section.title}\n")
        parts.append(
            f"`{name}`, {section.date[:10]}, code {section.code}, {where['cores']} cores of {where['cpu']}, "
            f"{where['memory_gb']} GB, load {where['load']} at its start, {section.seconds / 60:.0f} min.\n"
        )
        if section.skipped:
            parts.append(f"Skipped: {section.skipped}\n")
            continue
        parts.append("| figure | value | aim | met | |\n|---|--:|---|---|---|")
        parts.extend(
            f"| {f.name} | {f.shown()} | {f.aim} | {'' if f.met is None else 'yes' if f.met else '**no**'} | {f.note} |"
            for f in section.figures
        )
        parts.append("")
    return "\n".join(parts)


def _read(section: dict[str, Any]) -> Section:
    return Section(**{**section, "figures": [Figure(**figure) for figure in section["figures"]]})
