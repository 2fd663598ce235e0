"""`rage migrate`: the database's schema."""

import click

from cli.output import json_option, print_json, progress, say
from cli.session import opened


@click.command()
@json_option
def migrate(as_json: bool) -> None:
    """Bring the database to the schema of this version; safe to repeat."""
    from resources.postgres.migrate import migrate as apply
    from resources.postgres.migrate import schema_version

    with opened("worker") as platform, progress("Migrating"):
        url = platform.url("owner")
        before = schema_version(url)
        apply(url)
        after = schema_version(url)
    if as_json:
        print_json({"before": before, "after": after, "changed": before != after})
    elif before == after:
        say(f"The database has schema version {after} already.")
    else:
        say(f"Migrated from {before or 'nothing'} to schema version {after}.")
