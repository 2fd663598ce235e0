"""`rage space`: memory spaces."""

import click

from cli.encryption import destroy_key, rotate_key
from cli.output import json_option, print_json, print_table, progress, say
from cli.session import opened
from resources import space_administration
from resources.access import LOCAL_ADMIN
from resources.audit.acts import audited
from resources.domain import Isolation, Space
from resources.postgres import spaces

_PAGE = 100


@click.group()
def space() -> None:
    """Create, list, move and delete memory spaces."""


space.add_command(rotate_key)
space.add_command(destroy_key)


@space.command()
@click.argument("name")
@click.option("--shards", type=click.IntRange(1, 64), default=1, help="More than 1 spreads a large space over machines.")
@click.option(
    "--isolation",
    type=click.Choice([each.value for each in Isolation]),
    default=Isolation.SHARED.value,
    show_default=True,
    help="Kept apart by rows, in a database of its own, or with its bytes under a key of its own.",
)
@click.option("--database", help="Of a dedicated space: its name in RAGE_DEDICATED_DATABASE_URLS.")
@json_option
def create(name: str, shards: int, isolation: str, database: str | None, as_json: bool) -> None:
    """Create the space NAME."""
    spaces.check_name(name)
    with (
        opened() as platform,
        progress("Preparing the model") as _,
        audited(platform, "spaces.create", target=name, space=name, isolation=isolation) as facts,
    ):
        created = space_administration.create(
            platform, LOCAL_ADMIN, name, shards=shards, isolation=Isolation(isolation), database=database
        )
        facts["space_id"] = created.id
    if as_json:
        print_json(created)
    else:
        say(f"Created the space {created.name}. Fill it with `rage ingest {created.name} FOLDER`.")


@space.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the spaces."""
    found: list[Space] = []
    with opened() as platform:
        while page := space_administration.listing(platform, LOCAL_ADMIN, found[-1].name if found else "", _PAGE):
            found += page
    if as_json:
        print_json(found)
        return
    rows = [
        (s.name, s.isolation, s.documents, s.blocks, s.passages, s.quarantined, f"{s.created_at:%Y-%m-%d %H:%M}")
        for s in found
    ]
    columns = ("name", "isolation", "documents", "blocks", "passages", "quarantined", "created")
    print_table(columns, rows, empty="There is no space yet. Create one with `rage space create NAME`.")


@space.command()
@click.argument("name")
@click.option("--documents", type=click.IntRange(0), help="The most documents; without it, no limit.")
@click.option("--bytes", "size", type=click.IntRange(0), help="The most bytes of documents; without it, no limit.")
@json_option
def quota(name: str, documents: int | None, size: int | None, as_json: bool) -> None:
    """Set how much the space NAME may hold; what is there already stays."""
    with opened() as platform, audited(platform, "spaces.quota", target=name, space=name, documents=documents, bytes=size):
        changed = space_administration.set_quota(platform, LOCAL_ADMIN, name, documents, size)
    if as_json:
        print_json(changed)
    else:
        limits = [f"{documents} documents"] * (documents is not None) + [f"{size} bytes"] * (size is not None)
        say(f"{name} may hold {' and '.join(limits) or 'as much as there is room for'}.")


@space.command()
@click.argument("name")
@click.option("--isolation", type=click.Choice([each.value for each in Isolation]), required=True)
@click.option("--database", help="Of a dedicated space: its name in RAGE_DEDICATED_DATABASE_URLS.")
@json_option
def move(name: str, isolation: str, database: str | None, as_json: bool) -> None:
    """Move the space NAME to another isolation. Searches go on; if it is killed, give it again."""
    from resources.space_moving import move as move_space

    with (
        opened("worker") as platform,
        progress("Moving") as report,
        audited(platform, "spaces.move", target=name, space=name, isolation=isolation),
    ):
        moved = move_space(platform, name, Isolation(isolation), database, report)
    if as_json:
        print_json({"name": name, "isolation": isolation, "moved": moved})
    else:
        say(f"{name} is {isolation} now: {', '.join(f'{count} {what}' for what, count in moved.items() if count)}.")


@space.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def delete(name: str, yes: bool, as_json: bool) -> None:
    """Delete the space NAME with everything in it."""
    with opened("worker") as platform:
        with platform.database.transaction() as connection:
            spaces.identify(connection, name)
        if not yes:
            click.confirm(f"Delete the space {name} and everything in it?", abort=True, err=True)
        with progress("Waiting for runs to end"), audited(platform, "spaces.delete", target=name, space=name):
            space_administration.delete(platform, name)
    if as_json:
        print_json({"name": name, "deleted": True})
    else:
        say(f"Deleted the space {name}.")
