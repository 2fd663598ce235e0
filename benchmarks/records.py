"""Real texts: the records of the retrieval sets, and folders of files made of them."""

import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.figures import Skipped

SEED = 20_240_229
_SHORT = 300
_FILES_IN_A_FOLDER = 1000


class Record(NamedTuple):
    """One record of a retrieval set: `id` is unique within its set."""

    set: str
    id: str
    title: str
    text: str


def folder_of(data: Path, *parts: str) -> Path:
    """A folder of the evaluation data.

    Raises:
        Skipped: It is not there.
    """
    folder = data.joinpath(*parts)
    if not folder.is_dir():
        raise Skipped(f"The evaluation data `{'/'.join(parts)}` is not there; --data says where it lies.")
    return folder


def records(data: Path, name: str) -> list[Record]:
    """The records of one retrieval set."""
    rows = _lines(folder_of(data, "ir", name) / "corpus.jsonl")
    return [Record(name, row["_id"], row.get("title") or "", row["text"]) for row in rows]


def queries(data: Path, name: str) -> dict[str, str]:
    """The queries of one retrieval set by id."""
    return {row["_id"]: row["text"] for row in _lines(folder_of(data, "ir", name) / "queries.jsonl")}


def judgements(data: Path, name: str) -> dict[str, dict[str, int]]:
    """What is relevant in one retrieval set: grade by query and record."""
    found: dict[str, dict[str, int]] = {}
    for line in (folder_of(data, "ir", name) / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
        query, record, grade = line.split("\t")
        found.setdefault(query, {})[record] = int(grade)
    return found


def set_names(data: Path) -> list[str]:
    """The retrieval sets that are there."""
    return sorted(file.parent.name for file in folder_of(data, "ir").glob("*/corpus.jsonl"))


def mixed_records(data: Path, count: int) -> list[Record]:
    """`count` records of all sets with distinct texts, mixed in the same way each time.

    Raises:
        Skipped: There are not as many.
    """
    distinct = {record.text: record for name in set_names(data) for record in records(data, name) if record.text}
    found = list(distinct.values())
    random.Random(SEED).shuffle(found)
    return _enough(found, count)


def short_records(data: Path, count: int) -> list[Record]:
    """`count` records cut to about 300 characters, with distinct texts.

    Raises:
        Skipped: There are not as many.
    """
    every = mixed_records(data, 0)
    cut = {text: r._replace(title="", text=text) for r in every if len(text := _beginning(r.text)) > _SHORT * 2 // 3}
    return _enough(list(cut.values()), count)


def mixed_queries(data: Path) -> list[str]:
    """The distinct queries of all sets, mixed in the same way each time."""
    found = sorted({text for name in set_names(data) for text in queries(data, name).values()})
    random.Random(SEED).shuffle(found)
    return found


def write_files(folder: Path, chosen: Iterable[Record]) -> Path:
    """Writes each record into a file of its own, of the kind that it would be; returns the folder."""
    for number, record in enumerate(chosen):
        file = folder / f"{number // _FILES_IN_A_FOLDER:03d}" / file_name(record)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {record.title}\n\n{record.text}\n" if record.title else f"{record.text}\n", "utf-8")
    return folder


def file_name(record: Record) -> str:
    """The name of a record's file; `record_id` tells the record from it."""
    return f"{record.set}--{record.id}" + (".md" if record.title else ".py" if "code" in record.set else ".txt")


def record_id(path: str) -> str:
    """The id of the record in the file at `path`."""
    return Path(path).stem.split("--", 1)[1]


def _lines(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text("utf-8").split("\n") if line]


def _beginning(text: str) -> str:
    return text if len(text) <= _SHORT else text[:_SHORT].rsplit(None, 1)[0]


def _enough(found: Sequence[Record], count: int) -> list[Record]:
    if len(found) < count:
        raise Skipped(f"The retrieval sets have {len(found)} records; {count} are needed.")
    return list(found[: count or None])
