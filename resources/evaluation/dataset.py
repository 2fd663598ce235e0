"""Judged queries from a folder: `queries.jsonl` and `qrels.tsv`, as BEIR and others have them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from resources.errors import InvalidInput
from resources.evaluation.models import MOST_JUDGEMENTS, JudgedQuery, Judgement, check_queries

QUERIES, JUDGEMENTS = "queries.jsonl", "qrels.tsv"
_LONGEST_LINE = 100_000
_MOST_LINES = 1_000_000  # of queries.jsonl, most of which may have no judgement


def read_dataset(folder: Path) -> list[JudgedQuery]:
    """The queries of a folder that have something to be found, in the order of the file; the others are left out.

    `queries.jsonl` has a JSON object with `_id` and `text` on each line; `qrels.tsv` has query, document path and grade on
    each, parted by tabs, below a header or not. Both are read line by line.

    Raises:
        InvalidInput: A file is missing, malformed (the message names the line) or too large.
    """
    judged = _judgements(folder / JUDGEMENTS)
    found, unknown = [], dict.fromkeys(judged)
    for number, query, text in _queries(folder / QUERIES):
        if query not in judged:
            continue
        if query not in unknown:
            raise _malformed(folder / QUERIES, number, f"the query {query[:80]!r} comes twice")
        del unknown[query]
        _, grades = judged[query]
        if any(each.grade for each in grades.values()):
            found.append(_checked(folder / QUERIES, number, id=query, text=text, judgements=list(grades.values())))
    if unknown:
        query = next(iter(unknown))
        raise _malformed(folder / JUDGEMENTS, judged[query][0], f"the query {query[:80]!r} is not in {QUERIES}")
    check_queries(found)
    return found


def _judgements(file: Path) -> dict[str, tuple[int, dict[str, Judgement]]]:
    """By query, the line that judges it first, and its judgements by path."""
    found: dict[str, tuple[int, dict[str, Judgement]]] = {}
    count = 0
    for number, line in _lines(file):
        cells = line.split("\t")
        if len(cells) != 3:
            raise _malformed(file, number, f"{len(cells)} columns instead of query, document path and grade, parted by tabs")
        query, path, grade = cells[0].strip(), cells[1], cells[2].strip()
        if number == 1 and not any(each.isdigit() for each in line):
            continue  # a header
        if not grade.isdecimal():
            raise _malformed(file, number, f"the grade {grade[:40]!r} is no whole number from 0 on")
        if not query:
            raise _malformed(file, number, "the query has no id")
        _, judgements = found.setdefault(query, (number, {}))
        if path in judgements:
            raise _malformed(file, number, f"{path[:80]!r} is judged twice for the query {query[:80]!r}")
        try:
            judgements[path] = Judgement(path=path, grade=int(grade))
        except ValidationError as error:
            raise _malformed(file, number, _said(error)) from None
        count += 1
        if count > MOST_JUDGEMENTS:
            raise InvalidInput(f"{file} has more than {MOST_JUDGEMENTS} judgements.", hint="Take a sample of its queries.")
    if not found:
        raise InvalidInput(f"{file} judges nothing.", hint="Write query, document path and grade on each line.")
    return found


def _queries(file: Path) -> Iterator[tuple[int, str, str]]:
    for number, line in _lines(file):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise _malformed(file, number, "no JSON object") from None
        query, text = (row.get("_id"), row.get("text")) if isinstance(row, dict) else (None, None)
        if not isinstance(query, str) or not isinstance(text, str):
            raise _malformed(file, number, 'no object with the strings "_id" and "text"')
        yield number, query.strip(), text


def _checked(file: Path, number: int, **values: object) -> JudgedQuery:
    try:
        return JudgedQuery.model_validate(values)
    except ValidationError as error:
        raise _malformed(file, number, _said(error)) from None


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers; none is read further than it may be long."""
    try:
        with file.open("rb") as opened:
            for number, raw in _bounded(opened):
                if number > _MOST_LINES or len(raw) > _LONGEST_LINE:
                    raise _malformed(file, number, f"more than {_MOST_LINES} lines, or {_LONGEST_LINE} bytes in one")
                try:
                    line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r\n")
                except UnicodeDecodeError:
                    raise _malformed(file, number, "no UTF-8") from None
                if line.strip():
                    yield number, line
    except OSError as error:
        raise InvalidInput(
            f"{file} cannot be read: {error.strerror}.", hint=f"A dataset is a folder with {QUERIES} and {JUDGEMENTS}."
        ) from None


def _bounded(opened: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while raw := opened.readline(_LONGEST_LINE + 1):
        number += 1
        yield number, raw


def _said(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"


def _malformed(file: Path, number: int, problem: str) -> InvalidInput:
    return InvalidInput(f"{file}, line {number}: {problem}.", line=number, file=file.name)
