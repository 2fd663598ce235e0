"""`rage quarantine`: documents that could not be read."""

from typing import Any
from uuid import UUID

import click

from cli.ingest import print_report, run
from cli.output import json_option, note, print_json, print_table
from cli.session import entered, opened
from resources.audit.acts import audited
from resources.postgres import reading

_PAGE = 500


@click.group()
def quarantine() -> None:
    """Show and retry documents that could not be read."""


@quarantine.command("list")
@click.argument("space")
@json_option
def list_(space: str, as_json: bool) -> None:
    """List what is in quarantine in SPACE, and why."""
    rows: list[dict[str, Any]] = []
    with opened() as platform, entered(platform, space) as (connection, row):
        after = None
        while page := reading.quarantine(connection, row["id"], after, _PAGE):
            rows += page
            after = (page[-1]["path"], page[-1]["document_id"])
    if as_json:
        print_json(rows)
        return
    shown = [(row["path"], row["reason"], row["detail"], row["attempts"], row["document_id"]) for row in rows]
    print_table(("path", "reason", "detail", "attempts", "document"), shown, empty="Nothing is in quarantine.")


@quarantine.command()
@click.argument("space")
@click.argument("document_ids", metavar="[DOCUMENT_ID]...", nargs=-1, type=click.UUID)
@json_option
@click.pass_context
def retry(ctx: click.Context, space: str, document_ids: tuple[UUID, ...], as_json: bool) -> None:
    """Try documents of SPACE again: those named, or all in quarantine."""
    with opened() as platform:
        with audited(platform, "quarantine.retry", space=space), entered(platform, space) as (connection, row):
            asked = reading.request_retry(connection, row["id"], list(document_ids))
        note(f"Trying {asked} documents again.")
        report = run(space)
    ctx.exit(print_report(report, as_json))
