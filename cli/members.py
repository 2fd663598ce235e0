"""`rage member`: who may do what in a space."""

import click

from cli.output import json_option, print_json, print_table, say
from cli.session import opened
from resources.access import LOCAL_ADMIN, Role
from resources.audit.acts import audited
from resources.postgres import members


@click.group()
def member() -> None:
    """Give groups, users and keys a role in a space, and take it away."""


@member.command()
@click.argument("space")
@click.argument("principal")
@click.argument("role", type=click.Choice([each.value for each in Role]))
@json_option
def add(space: str, principal: str, role: str, as_json: bool) -> None:
    """Give PRINCIPAL (group:NAME, user:NAME, user:SUBJECT or key:ID) the ROLE in SPACE."""
    with (
        opened() as platform,
        audited(platform, "members.grant", target=principal, space=space, role=role),
        platform.administer(LOCAL_ADMIN, space) as (connection, row),
    ):
        given = members.grant(connection, row["id"], principal, Role(role), LOCAL_ADMIN.principal)
    if as_json:
        print_json({"space": space, "principal": given, "role": role})
    else:
        say(f"{given} is {role} of {space}.")


@member.command("list")
@click.argument("space")
@json_option
def list_(space: str, as_json: bool) -> None:
    """List the members of SPACE."""
    with opened() as platform, platform.administer(LOCAL_ADMIN, space) as (connection, row):
        found = members.listing(connection, row["id"])
    if as_json:
        print_json(found)
        return
    rows = [(each.principal, each.name or "", each.role, each.granted_by) for each in found]
    print_table(("principal", "name", "role", "granted by"), rows, empty="It has no members.")


@member.command()
@click.argument("space")
@click.argument("principal")
@json_option
def remove(space: str, principal: str, as_json: bool) -> None:
    """Take the role of PRINCIPAL in SPACE away, at once."""
    with (
        opened() as platform,
        audited(platform, "members.revoke", target=principal, space=space),
        platform.administer(LOCAL_ADMIN, space) as (connection, row),
    ):
        gone = members.revoke(connection, row["id"], principal)
    if as_json:
        print_json({"space": space, "principal": gone, "removed": True})
    else:
        say(f"{gone} is no member of {space} any more.")
