"""`rage evaluate`: how well and how fast a space is searched, on judged queries."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.output import json_option, note, print_json, print_table, progress
from cli.session import entered, opened
from resources.access import LOCAL_ADMIN
from resources.audit.acts import audited
from resources.errors import Conflict, InvalidInput

if TYPE_CHECKING:
    from resources.evaluation.models import EvaluatedMode, JudgedQuery, Result
    from resources.platform import Platform

_MODES = ("hybrid", "vector", "lexical")


@click.command()
@click.argument("space")
@click.argument("dataset")
@click.option("--modes", default=",".join(_MODES), show_default=True, help="Modes of search, parted by commas.")
@click.option("--save", "name", metavar="NAME", help="Store the folder's queries in SPACE as the evaluation set NAME.")
@click.option("--replace", is_flag=True, help="With --save: in place of the set of that name, whose history goes.")
@json_option
@click.pass_context
def evaluate(
    ctx: click.Context, space: str, dataset: str, modes: str, name: str | None, replace: bool, as_json: bool
) -> None:
    """Measure how well SPACE answers the judged queries of DATASET.

    DATASET is a folder with queries.jsonl (_id, text) and qrels.tsv (query, document path, grade), or the name of an
    evaluation set that SPACE has; what is measured on a set is kept in its history.
    """
    chosen, folder = _chosen(modes), Path(dataset)
    if (name or replace) and not folder.is_dir():
        raise click.UsageError("--save and --replace store a folder's queries, and DATASET is no folder.")
    if replace and not name:
        raise click.UsageError("--replace needs --save NAME.")
    from resources.evaluation.dataset import read_dataset
    from resources.evaluation.measurement import evaluate as evaluate_set
    from resources.evaluation.measurement import examine
    from resources.evaluation.models import check_set_name

    queries = read_dataset(folder) if folder.is_dir() else []
    if not queries and "/" in dataset:
        raise InvalidInput(f"There is no folder {dataset[:200]!r}.", hint="Give one, or the name of an evaluation set.")
    stored = check_set_name(name or dataset) if name or not queries else ""
    with opened() as platform, progress("Reading") as report:
        with entered(platform, space):  # says how to create it
            pass
        if name:
            _store(platform, space, name, queries, replace)
        with audited(platform, "evaluation.run", target=stored or dataset, space=space, modes=list(chosen)):
            if stored:
                results = evaluate_set(platform, LOCAL_ADMIN, space, stored, chosen, progress=report)
            else:
                _, results = examine(platform, LOCAL_ADMIN, space, queries, chosen, progress=report)
    ctx.exit(_print(results, as_json))


def _chosen(modes: str) -> "Sequence[EvaluatedMode]":
    from resources.evaluation.models import MODES

    given = list(dict.fromkeys(each.strip() for each in modes.split(",")))
    for each in given:
        if each not in MODES:
            raise InvalidInput(f"{each[:40]!r} is no mode that can be evaluated.", hint=f"There are {', '.join(MODES)}.")
    return [mode for mode in MODES if mode in given]


def _store(platform: "Platform", space: str, name: str, queries: "Sequence[JudgedQuery]", replace: bool) -> None:
    from resources.postgres import evaluation

    with (
        audited(platform, "evaluation.sets.create", target=name, space=space, replace=replace, queries=len(queries)),
        entered(platform, space) as (connection, row),
    ):
        if any(each.name == name for each in evaluation.listing(connection, row["id"])):
            if not replace:
                raise Conflict(
                    f"There is an evaluation set {name!r} already, and a set does not change.",
                    hint="Choose another name, or --replace it and its history.",
                )
            evaluation.delete(connection, row["id"], name)
        evaluation.create(connection, row["id"], name, queries, created_by=LOCAL_ADMIN.principal)


def _print(results: "Sequence[Result]", as_json: bool) -> int:
    """Prints what was measured; returns the exit status that tells whether every part helped."""
    measured = {each.mode: each.metrics.model_dump() for each in results}
    if as_json:
        print_json(measured)
    else:
        columns = list(next(iter(measured.values())))
        rows = [
            (mode, *(f"{value:.1f}" if name.endswith("_ms") else f"{value:.4f}" for name, value in found.items()))
            for mode, found in measured.items()
        ]
        print_table(("mode", *columns), rows)
    missing = max(each.missing for each in results)
    if missing:
        note(f"{missing} of the documents to be found are not in the space; each counts as not found.")
    degraded = sorted({part for each in results for part in each.degraded})
    if degraded:
        note(f"Degraded: {', '.join(degraded)}. `rage doctor` says why.")
    return 1 if degraded else 0
