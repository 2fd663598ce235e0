"""`rage session`: who is signed in, and the end of it."""

from uuid import UUID

import click

from cli.output import json_option, print_json, print_table, say
from cli.session import opened
from resources.access import LOCAL_ADMIN
from resources.errors import InvalidInput
from resources.postgres import members, sessions
from resources.postgres.database import Database
from resources.postgres.sessions import Session

_PAGE = 500


@click.group()
def session() -> None:
    """Show who is signed in, and end it."""


@session.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the sign-ins that last: browsers, and the refresh tokens of local users."""
    from resources.audit.acts import audited

    found: list[Session] = []
    with opened() as platform:
        with platform.database.transaction(caller=LOCAL_ADMIN) as connection:
            while page := sessions.listing(connection, (found[-1].created_at, found[-1].id) if found else None, _PAGE):
                found += page
        with audited(platform, "sessions.list", change=False, rows=len(found)):
            pass
    if as_json:
        print_json(found)
        return
    rows = [
        (
            each.id,
            each.kind,
            each.name,
            each.principal,
            f"{each.created_at:%Y-%m-%d %H:%M}",
            f"{each.last_seen_at:%Y-%m-%d %H:%M}" if each.last_seen_at else "",
            each.address or "",
            each.user_agent or "",
        )
        for each in found
    ]
    columns = ("id", "kind", "name", "principal", "since", "last seen", "from", "browser")
    print_table(columns, rows, empty="Nobody is signed in.")


@session.command()
@click.argument("session_id", metavar="[ID]", required=False)
@click.option("--user", metavar="NAME", help="End every sign-in of this user: a name, or a principal such as user:SUBJECT.")
@json_option
def revoke(session_id: str | None, user: str | None, as_json: bool) -> None:
    """End the sign-in ID, or all of a user's, at once; every token that belongs to it stops counting.

    Whoever may still sign in can do so again: to keep a person out, disable them at the issuer or with `rage user disable`.
    """
    from resources.audit.acts import audited

    if (session_id is None) == (user is None):
        raise InvalidInput("Name either one sign-in or --user.", hint="`rage session list` shows those there are.")
    with opened() as platform:
        if session_id is not None:
            identity = _id(session_id)
            with (
                audited(platform, "sessions.revoke", target=f"session_id={identity}"),
                platform.database.transaction(caller=LOCAL_ADMIN) as connection,
            ):
                sessions.end(connection, identity)
            said, text = {"id": identity, "revoked": True}, f"Ended the sign-in {identity}."
        else:
            principal = _principal(platform.database, user or "")
            with (
                audited(platform, "sessions.revoke", target=principal) as facts,
                platform.database.transaction(caller=LOCAL_ADMIN) as connection,
            ):
                facts["ended"] = ended = sessions.end_all(connection, principal)
            said = {"principal": principal, "ended": ended, "revoked": True}
            text = f"Ended {ended} sign-ins of {principal}; every token issued to it so far stops counting."
    if as_json:
        print_json(said)
    else:
        say(text)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput(f"{text[:80]!r} is no sign-in's id.", hint="`rage session list` shows them.") from None


def _principal(database: Database, given: str) -> str:
    """The principal that a name means; a user need not have signed in to be revoked by their subject."""
    with database.transaction(caller=LOCAL_ADMIN) as connection:
        principal = members.resolve(connection, given if given.startswith(("user:", "key:")) else f"user:{given}")
    if principal == LOCAL_ADMIN.principal:
        raise InvalidInput("The local administrator is not signed in.", hint="Whoever reads RAGE_HOME is that one.")
    return principal
