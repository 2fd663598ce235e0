"""The memory of reading very large files: one file at a time, by the command that shows what the platform sees."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable
from itertools import cycle
from pathlib import Path

from benchmarks.bench import Bench, note
from benchmarks.figures import Figure, at_most
from benchmarks.homes import RAGE
from benchmarks.processes import peak_of
from benchmarks.records import mixed_records

_MOST_GB = 1.5
_GB = 1_000_000_000


def run(bench: Bench) -> list[Figure]:
    """A PDF of a thousand pages, a gigabyte of CSV and of JSON lines, five of text."""
    texts = [record.text for record in mixed_records(bench.data, 2_000)]
    kinds: dict[str, tuple[str, Callable[[Path], None]]] = {
        "a PDF of 1,000 pages": ("long.pdf", lambda path: _pdf(path, texts, bench.size(1_000))),
        "1 GB of CSV": ("large.csv", lambda path: _lines(path, _rows(texts), bench.size(_GB))),
        "1 GB of JSON lines": ("large.jsonl", lambda path: _lines(path, _json(texts), bench.size(_GB))),
        "5 GB of text": ("large.txt", lambda path: _lines(path, _paragraphs(texts), bench.size(5 * _GB))),
    }
    figures = []
    for name, (file, make) in kinds.items():
        note(name)
        path = bench.root / file
        make(path)
        began = time.perf_counter()
        environment = {key: value for key, value in os.environ.items() if not key.startswith("RAGE_")}
        process = subprocess.Popen(
            [RAGE, "parse", str(path), "--json"], stdout=subprocess.PIPE, env=environment | {"RAGE_HOME": str(bench.root)}
        )
        with peak_of(process.pid) as peak:
            blocks = _count_blocks(process)
        seconds = time.perf_counter() - began
        if process.wait() != 0:
            raise RuntimeError(f"rage parse {file} ended with {process.returncode}.")
        size = path.stat().st_size
        path.unlink()
        said = f"{size / 1e6:,.0f} MB in {seconds:,.0f} s, {blocks:,} blocks"
        figures.append(at_most(f"{name}, peak of all processes", peak.bytes / 1e9, "GB", _MOST_GB, said))
    return figures


def _count_blocks(process: "subprocess.Popen[bytes]") -> int:
    """How many blocks come out, without holding the line that has them all."""
    assert process.stdout is not None
    count, mark, rest = 0, b'"order": ', b""
    while piece := process.stdout.read(1 << 20):
        both = rest + piece
        count += both.count(mark)
        rest = both[-len(mark) + 1 :]
    return count


def _lines(path: Path, lines: Iterable[str], size: int) -> None:
    written = 0
    with path.open("w", encoding="utf-8") as file:
        for line in lines:
            written += file.write(line)
            if written >= size:
                return


def _rows(texts: list[str]) -> Iterable[str]:
    yield "number,title,amount,text\n"
    for number, text in enumerate(cycle(texts)):
        plain = " ".join(text.split())[:200].replace('"', "'")
        yield f'{number},"{plain[:40]}",{number * 7 % 1000}.{number % 100:02},"{plain}"\n'


def _json(texts: list[str]) -> Iterable[str]:
    for number, text in enumerate(cycle(texts)):
        yield json.dumps({"id": number, "text": text[:500], "tags": ["a", "b"], "at": {"year": number % 100}}) + "\n"


def _paragraphs(texts: list[str]) -> Iterable[str]:
    for text in cycle(texts):
        yield text + "\n\n"


def _pdf(path: Path, texts: list[str], pages: int) -> None:
    """Pages of lines in one of the fonts that every reader has."""
    source = cycle(" ".join(text.encode("ascii", "ignore").decode().split()) for text in texts)
    objects: list[bytes] = [b"", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for _ in range(pages):
        words = " ".join(next(source) for _ in range(3))
        lines = [words[at : at + 90] for at in range(0, 90 * 50, 90)]
        shown = " ".join(f"({line.translate(_ESCAPED)}) Tj T*" for line in lines if line)
        stream = f"BT /F1 10 Tf 13 TL 50 740 Td {shown} ET".encode()
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
        page = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>/Contents {len(objects)} 0 R>>"
        )
        objects.append(page.encode())
        kids.append(f"{len(objects)} 0 R")
    objects[0] = b"<</Type/Catalog/Pages 2 0 R>>"
    objects[1] = f"<</Type/Pages/Count {pages}/Kids[{' '.join(kids)}]>>".encode()
    with path.open("wb") as file:
        file.write(b"%PDF-1.4\n")
        places = []
        for number, content in enumerate(objects, start=1):
            places.append(file.tell())
            file.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
        start = file.tell()
        table = "".join(f"{place:010} 00000 n \n" for place in places)
        file.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode())
        file.write(f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF".encode())


_ESCAPED = str.maketrans({"(": r"\(", ")": r"\)", "\\": r"\\"})
