"""`rage lineage`: from a block back to its bytes."""

from uuid import UUID

import click

from cli.output import json_option, plain, print_json, print_table
from cli.session import opened
from resources.access import LOCAL_ADMIN
from resources.audit.acts import audited
from resources.postgres import reading


@click.command()
@click.argument("block_id", type=click.UUID)
@json_option
def lineage(block_id: UUID, as_json: bool) -> None:
    """Walk back from BLOCK_ID to the bytes and the run that it came from."""
    with opened() as platform, audited(platform, "memory.block.lineage", target=str(block_id), change=False):
        url = platform.settings.dagster_url
        found = platform.look(LOCAL_ADMIN, lambda connection: reading.lineage(connection, block_id, url))
    if as_json:
        print_json(found)
        return
    block, run = found["block"], found["run"]
    rows = [
        ("block", f"{block.type} {block.order}, section {' › '.join(block.section) or '–'}"),
        ("text", plain(" ".join(block.text.split()), 200)),
        ("document", found["document"]["path"]),
        ("version", f"sha256 {found['document']['sha256']}"),
        ("source", f"{found['source']['name']} ({found['source']['kind']}) {found['source']['location']}"),
        ("run", f"{run['id']} ({run['job'] or 'unknown job'}, {run['started_at'] or 'unknown time'})"),
        ("code", run["code_version"]),
        ("index version", found["index_version"]),
        ("Dagster", run["url"] or "–"),
    ]
    print_table(("", ""), rows)
