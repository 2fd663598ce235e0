"""Another tool's reading of documents, run by a Python that has it: `python peers.py TOOL FOLDER OUT [FORMAT …]`.

Stands alone, since that Python has nothing of ours. OUT gets one line of JSON for each file, as the scorer of documents
takes it.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

_Blocks = list[dict[str, Any]]
_TITLE, _TABLE = "Title", "Table"
_VERB = re.compile(r"(?i)is|are|was|were|be|has|have|had|do|does|did|will|can|may|\w+(?:ed|ing|es)")


def unstructured(path: Path) -> _Blocks:
    """The elements that `unstructured` finds; PDFs with its strategy `fast`."""
    _without_model()
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
    for kind, lines in groupby(text.split("\n"), _kind):
        if kind == "heading":
            blocks += [{"type": kind, "text": line.lstrip("# "), "page": None} for line in lines]
        else:
            blocks.append({"type": kind, "text": "\n".join(lines), "page": None})
    return [block for block in blocks if block["text"].strip()]


def _kind(line: str) -> str:
    if re.match(r"#{1,6}\s", line):
        return "heading"
    return "table" if line.lstrip().startswith("|") else "paragraph"


def _without_model() -> None:
    """Parts sentences and words by rules where the model that does it cannot be fetched; only headings depend on it."""
    from unstructured.nlp import tokenize

    try:
        tokenize.pos_tag("A word")
    except Exception:  # however it is that the model is not there
        tokenize.sent_tokenize = lambda text: re.split(r"(?<=[.!?])\s+", text)
        tokenize.word_tokenize = lambda text: re.findall(r"\w+|[^\w\s]", text)
        tokenize.pos_tag = lambda text: [
            (word, "VB" if _VERB.fullmatch(word) else "NN") for word in re.findall(r"\w+", text)
        ]


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
