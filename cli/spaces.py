"""`rage space`: memory spaces."""

import shutil

import click

from cli.output import json_option, print_json, print_table, progress, say
from cli.session import identify, opened, transaction
from resources.domain import Space
from resources.platform import LOCAL_ADMIN
from resources.postgres import spaces

_PAGE = 100


@click.group()
def space() -> None:
    """Create, list and delete memory spaces."""


@space.command()
@click.argument("name")
@click.option("--shards", type=click.IntRange(1, 64), default=1, help="More than 1 spreads a large space over machines.")
@json_option
def create(name: str, shards: int, as_json: bool) -> None:
    """Create the space NAME."""
    spaces.check_name(name)
    with opened() as platform, progress("Preparing the model") as _:
        embedder = platform.embedder
        with transaction(platform) as connection:
            model, dimension = embedder.model, embedder.dimension
            spaces.create(connection, name, shards=shards, model=model, dimension=dimension, creator=LOCAL_ADMIN)
            created = spaces.by_name(connection, name)
    if as_json:
        print_json(created)
    else:
        say(f"Created the space {created.name}. Fill it with `rage ingest {created.name} FOLDER`.")


@space.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the spaces."""
    found: list[Space] = []
    with opened() as platform, transaction(platform) as connection:
        while page := spaces.listing(connection, found[-1].name if found else "", _PAGE):
            found += page
    if as_json:
        print_json(found)
        return
    rows = [(s.name, s.documents, s.blocks, s.passages, s.quarantined, f"{s.created_at:%Y-%m-%d %H:%M}") for s in found]
    columns = ("name", "documents", "blocks", "passages", "quarantined", "created")
    print_table(columns, rows, empty="There is no space yet. Create one with `rage space create NAME`.")


@space.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def delete(name: str, yes: bool, as_json: bool) -> None:
    """Delete the space NAME with everything in it."""
    with opened("worker") as platform:
        with platform.database.transaction() as connection:
            row = identify(connection, name)
        if not yes:
            click.confirm(f"Delete the space {name} and everything in it?", abort=True, err=True)
        with progress("Waiting for runs to end"):
            for shard in range(row["shards"]):
                platform.lock(row["id"], f"shard-{shard}")
        with platform.database.transaction(space=row["id"]) as connection:
            spaces.delete(connection, row["id"])
        # Rows are the truth: what is left behind by a crash from here on is unreachable, and only takes up room.
        platform.forget_lexical(row["id"])
        shutil.rmtree(platform.lexical_path(row["id"]), ignore_errors=True)
        platform.objects.delete_space(row["id"])
    if as_json:
        print_json({"name": name, "deleted": True})
    else:
        say(f"Deleted the space {name}.")
