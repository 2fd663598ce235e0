"""`rage key`: API keys for machines."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from cli.output import json_option, note, print_json, print_table, say
from cli.session import opened
from resources.access import LOCAL_ADMIN, Role
from resources.errors import InvalidInput
from resources.postgres import api_keys
from resources.postgres.api_keys import ApiKey
from resources.postgres.database import Connection
from resources.sign_in import keys

_PAGE = 500
_LONGEST_DAYS = 365


class _Days(click.ParamType[int]):
    """A number of days, `90d`."""

    name = "days"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, or wrong use."""
        if isinstance(value, int):
            return value
        number = str(value).removesuffix("d")
        if not number.isascii() or not number.isdecimal() or not 1 <= int(number) <= _LONGEST_DAYS:
            self.fail(f"{value!r} is not 1d to {_LONGEST_DAYS}d.", param, ctx)
        return int(number)


@contextmanager
def _transaction(action: str, **facts: Any) -> Iterator[Connection]:
    """A transaction of the local administrator, written down in the audit."""
    from resources.audit.acts import audited

    with (
        opened() as platform,
        audited(platform, action, **facts),
        platform.database.transaction(caller=LOCAL_ADMIN) as connection,
    ):
        yield connection


@click.group()
def key() -> None:
    """Create, list and revoke API keys for machines."""


@key.command()
@click.argument("name")
@click.option("--space", "spaces", multiple=True, required=True, help="A space; may be given more than once.")
@click.option(
    "--role", type=click.Choice([str(role) for role in Role]), default="reader", show_default=True, help="The role in each."
)
@click.option("--expires", "days", type=_Days(), default="90d", show_default=True, help="After how many days it ends.")
@json_option
def create(name: str, spaces: tuple[str, ...], role: Role, days: int, as_json: bool) -> None:
    """Create the key NAME and print it, this one time."""
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise InvalidInput("A key's name has 1 to 100 visible characters.")
    new = keys.new_key()
    facts = {"target": f"key:{new.id}", "spaces": spaces, "role": role, "days": days}
    with _transaction("keys.create", **facts) as connection:
        found = api_keys.administered(connection, spaces)
        created = api_keys.create(connection, new.id, name, new.sha256, days=days, spaces=found, role=Role(role))
    if as_json:
        print_json({**created.model_dump(), "key": new.text})
        return
    note(f"The key {created.id} counts until {created.expires_at:%Y-%m-%d}. It is shown once:")
    click.echo(new.text)


@key.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the keys, the expired and revoked ones included."""
    found: list[ApiKey] = []
    with _transaction("keys.list", change=False) as connection:
        while page := api_keys.listing(connection, (found[-1].created_at, found[-1].id) if found else None, _PAGE):
            found += page
    if as_json:
        print_json(found)
        return
    rows = [
        (
            each.id,
            each.name,
            ", ".join(f"{space.name} ({space.role or 'withdrawn'})" for space in each.spaces),
            "revoked" if each.revoked_at else f"until {each.expires_at:%Y-%m-%d}",
            f"{each.last_used_at:%Y-%m-%d %H:%M} from {each.last_used_address}" if each.last_used_at else "never",
            each.created_by,
        )
        for each in found
    ]
    columns = ("id", "name", "spaces", "counts", "last used", "created by")
    print_table(columns, rows, empty="There is no key yet. Create one with `rage key create NAME --space SPACE`.")


@key.command()
@click.argument("key_id", metavar="ID")
@json_option
def revoke(key_id: str, as_json: bool) -> None:
    """Revoke the key ID, at once."""
    with _transaction("keys.revoke", target=f"key:{key_id}") as connection:
        api_keys.revoke(connection, key_id)
    if as_json:
        print_json({"id": key_id, "revoked": True})
    else:
        say(f"Revoked the key {key_id}.")
