"""`rage user`: the people of the local issuer, where no Keycloak is configured.

Only whoever owns the schema reads and writes them; the API's role has no right to.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from cli.output import json_option, note, print_json, print_table, say
from cli.session import opened
from resources.access import Role
from resources.errors import InvalidInput
from resources.postgres import users
from resources.postgres.database import Connection, Database
from resources.sign_in.passwords import check_password, hash_password

_role = click.option(
    "--role",
    type=click.Choice([str(role) for role in Role]),
    help="A role on every space; without it, only what spaces grant.",
)
_groups = click.option("--group", "groups", multiple=True, metavar="NAME", help="A group; may be given more than once.")
_stdin = click.option("--password-stdin", is_flag=True, help="Read the password as one line from standard input.")


@click.group()
def user() -> None:
    """Manage the people who may sign in here."""


@user.command()
@click.argument("name")
@_role
@_groups
@_stdin
@json_option
def add(name: str, role: Role | None, groups: tuple[str, ...], password_stdin: bool, as_json: bool) -> None:
    """Add the user NAME; asks for the password."""
    users.check_name(name)
    users.check_groups(groups)
    hashed = _asked(name, password_stdin)
    with _administration("users.add", name, role=role, groups=groups) as connection:
        added = users.add(connection, name, hashed, role, groups)
    _print(added, f"Added {added.name} as {added.principal}.", as_json)


@user.command()
@click.argument("name")
@_stdin
@json_option
def passwd(name: str, password_stdin: bool, as_json: bool) -> None:
    """Give the user NAME another password; asks for it, and ends all their sign-ins."""
    hashed = _asked(name, password_stdin)
    with _administration("users.passwd", name) as connection:
        changed = users.set_password(connection, name, hashed)
    _print(changed, f"{changed.name} has another password now and must sign in again.", as_json)


@user.command("set")
@click.argument("name")
@_role
@_groups
@json_option
def set_(name: str, role: Role | None, groups: tuple[str, ...], as_json: bool) -> None:
    """Give the user NAME this role and these groups in place of all that they had; what is left out is taken away."""
    with _administration("users.set", name, role=role, groups=groups) as connection:
        changed = users.set_rights(connection, name, role, groups)
    _print(changed, f"{changed.name}: role {changed.platform_role or 'none'}, groups {_listed(changed.groups)}.", as_json)


@user.command()
@click.argument("name")
@json_option
def disable(name: str, as_json: bool) -> None:
    """Keep the user NAME from signing in, and end all their sign-ins at once."""
    with _administration("users.disable", name) as connection:
        changed = users.disable(connection, name)
    _print(changed, f"{changed.name} cannot sign in any more; `rage user enable` undoes it.", as_json)


@user.command()
@click.argument("name")
@json_option
def enable(name: str, as_json: bool) -> None:
    """Let the user NAME sign in, now, whatever attempts have failed."""
    with _administration("users.enable", name) as connection:
        changed = users.enable(connection, name)
    _print(changed, f"{changed.name} can sign in.", as_json)


@user.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the users."""
    with _administration("users.list", change=False) as connection:
        found = users.listing(connection)
    if as_json:
        print_json([_shown(each) for each in found])
        return
    rows = [
        (
            each.name,
            each.platform_role or "",
            _listed(each.groups),
            "disabled" if each.disabled else "",
            f"{each.last_login_at:%Y-%m-%d %H:%M}" if each.last_login_at else "never",
            each.failed_count or "",
            each.principal,
        )
        for each in found
    ]
    columns = ("name", "role", "groups", "state", "last sign-in", "failed since", "principal")
    print_table(columns, rows, empty="There is no user yet. Add one with `rage user add NAME`.")


@contextmanager
def _administration(action: str, name: str = "", *, change: bool = True, **details: Any) -> Iterator[Connection]:
    """A transaction of the schema's owner, written down in the audit."""
    from resources.audit.acts import audited

    with opened() as platform, audited(platform, action, target=name, change=change, **details):
        if platform.settings.oidc_issuer:
            note(f"Sign-in is by {platform.settings.oidc_issuer}: these users count again once it is no longer configured.")
        database = Database(platform.url("owner"), "none", (1, 1)).open()
        try:
            with database.transaction() as connection:
                yield connection
        finally:
            database.close()


def _asked(name: str, from_stdin: bool) -> str:
    """The hash of a password that was typed twice, or came by standard input; never by an argument, which others see."""
    if from_stdin:
        password = sys.stdin.readline(5000).rstrip("\r\n")
    elif sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True)
    else:
        raise InvalidInput("There is no terminal to ask for the password.", hint="Give --password-stdin.")
    return hash_password(check_password(password, name))


def _shown(each: users.User) -> dict[str, object]:
    return {**each.model_dump(), "principal": each.principal}


def _print(each: users.User, text: str, as_json: bool) -> None:
    if as_json:
        print_json(_shown(each))
    else:
        say(text)


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"
