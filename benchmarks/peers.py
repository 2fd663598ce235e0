"""Another tool's reading of documents, run by a Python that has it: `python peers.py TOOL FOLDER OUT [FORMAT …]`.

Stands alone, since that Python has nothing of ours. OUT gets one line of JSON for each file, as the scorer of documents
takes it.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_Blocks = list[dict[str, Any]]
_TITLE, _TABLE = "Title", "Table"


def unstructured(path: Path) -> _Blocks:
    """The elements that `unstructured` finds; PDFs with its strategy `fast`."""
    from unstructured.partition.auto import partition

    elements = partition(filename=str(path), strategy="fast", languages=["eng"])
    return [
        {
            "type": "heading" if each.category == _TITLE else "table" if each.category == _TABLE else "paragraph",
            "text": _pipes(each.metadata.text_as_html or "") if each.category == _TABLE else each.text,
            "page": each.metadata.page_number,
        }
        for each in elements
    ]


def markitdown(path: Path) -> _Blocks:
    """The Markdown that `markitdown` writes, in blocks."""
    from markitdown import MarkItDown

    text = MarkItDown().convert(str(path)).text_content
    blocks: _Blocks = []
    for part in re.split(r"\n{2,}", text):
        heading = re.fullmatch(r"#{1,6}\s+(.*)", part.strip())
        if heading:
            blocks.append({"type": "heading", "text": heading[1], "page": None})
        elif part.strip():
            blocks.append({"type": "table" if part.lstrip().startswith("|") else "paragraph", "text": part, "page": None})
    return blocks


def _pipes(html: str) -> str:
    rows = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S) for row in re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.S)]
    lines = [
        "| " + " | ".join(re.sub(r"<[^>]+>", " ", cell).replace("|", r"\|").strip() for cell in row) + " |" for row in rows
    ]
    return "\n".join([*lines[:1], "|" + " --- |" * (len(rows[0]) if rows else 1), *lines[1:]])


def _cell(html: str) -> str:
    return re.sub(r"<[^>]+>", " ", html).replace("|", r"\|").strip()


def main() -> None:
    """Reads every document of a folder with a tool."""
    tool, folder, out, *only = sys.argv[1:]
    read: Callable[[Path], _Blocks] = {"unstructured": unstructured, "markitdown": markitdown}[tool]
    with open(out, "w", encoding="utf-8") as lines:
        for path in sorted(Path(folder).rglob("*")):
            name = path.relative_to(folder).as_posix()
            if not path.is_file() or ".truth." in path.name or path.name == "SOURCE.txt" or path.suffix == ".jsonl":
                continue
            if only and name.split("/")[0] not in only:
                continue
            began = time.perf_counter()
            try:
                row: dict[str, Any] = {"path": name, "blocks": read(path)}
            except Exception as error:  # whatever it cannot read counts as nothing
                row = {"path": name, "error": {"reason": type(error).__name__}}
            lines.write(json.dumps(row | {"seconds": time.perf_counter() - began}) + "\n")


if __name__ == "__main__":
    main()
