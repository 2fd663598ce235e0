"""`rage demo`: the first success. Takes a folder through every stage into the space `demo` and asks it a question."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.ingest import print_report, run
from cli.output import json_option, note, say
from cli.session import add_by_hand, entered, opened
from resources import space_administration
from resources.access import LOCAL_ADMIN

if TYPE_CHECKING:
    from resources.platform import Platform

SPACE = "demo"
# The demo's own documents: this project, which ships them.
_PROJECT = Path(__file__).resolve().parent.parent
_NOT_SHOWN = ("/tests/", "/benchmarks/")
_QUESTION = "What happens to a bad document?"


@click.command()
@click.argument("source", required=False, type=click.Path(path_type=Path))
@json_option
@click.pass_context
def demo(ctx: click.Context, source: Path | None, as_json: bool) -> None:
    """Take a folder (by default this project's own docs and code) into the space `demo`, and ask it a question."""
    from cli.search import print_answer

    with opened() as platform:
        _prepare(platform, source)
        report = run(SPACE)
        if print_report(report, as_json=False) and report.state == "failed":
            ctx.exit(1)
        question = _QUESTION if source is None else _question_about(platform)
        if not as_json:
            say(f"\n{question}\n")
        print_answer(platform, SPACE, question, as_json)


def _prepare(platform: "Platform", source: Path | None) -> None:
    from resources.errors import Conflict

    with suppress(Conflict):
        note(f"Preparing the space {SPACE!r} …")
        space_administration.create(platform, LOCAL_ADMIN, SPACE)
    with entered(platform, SPACE) as (connection, row):
        # of this project what a newcomer asks about: its tests are half of it, and would double the wait
        left_out = _NOT_SHOWN if source is None else None
        add_by_hand(platform, connection, row["id"], str(source or _PROJECT), exclude=left_out)


def _question_about(platform: "Platform") -> str:
    """A question that the documents themselves suggest: after one of their headings, and one that has an answer."""
    from api.memory import open_answerer
    from resources.retrieval.models import QueryRequest

    with entered(platform, SPACE) as (connection, _):
        rows: list[dict[str, Any]] = connection.execute(
            "SELECT section[cardinality(section)] AS heading FROM blocks JOIN spaces s ON s.id = space_id "
            "WHERE s.name = %s AND type = 'paragraph' AND section[cardinality(section)] ~ '^\\w+([ -]\\w+){2,7}\\??$' "
            "GROUP BY 1 HAVING count(DISTINCT document_id) = 1 ORDER BY sum(length(text)) DESC, 1 LIMIT 8",
            (SPACE,),
        ).fetchall()
    answerer = open_answerer(platform)
    for row in rows:
        heading = str(row["heading"])
        question = heading if heading.endswith("?") else f"What about {heading[0].lower()}{heading[1:]}?"
        if not answerer.answer(LOCAL_ADMIN, QueryRequest(space=SPACE, query=question)).abstained:
            return question
    return "What is this about?"
