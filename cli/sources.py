"""`rage source`: where a space's documents come from."""

from pathlib import Path

import click

from cli.ingest import print_report, run
from cli.output import json_option, pattern_options, print_json, print_table, say
from cli.session import checked, entered, opened
from resources.access.rules import AccessRule
from resources.audit.acts import audited
from resources.errors import InvalidInput
from resources.intake import add_source, change_selection
from resources.postgres import access_rules, sources
from resources.postgres.removal import request_source_removal


@click.group()
def source() -> None:
    """Say where a space's documents come from."""


@source.command()
@click.argument("space")
@click.argument("location")
@click.option("--name", help="Its name in the space; by default the last part of LOCATION.")
@click.option("--every", help="Look at it this often while `rage up` runs, such as 10m.")
@pattern_options
@json_option
def add(
    space: str,
    location: str,
    name: str | None,
    every: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add LOCATION to SPACE: a folder, a git repository, a web site or a bucket.

    A repository may name a branch or tag: https://HOST/REPO.git@v1, or #branch=main behind any address.
    """
    with (
        opened() as platform,
        audited(platform, "sources.add", target=location, space=space),
        entered(platform, space) as (connection, row),
    ):
        added = add_source(
            connection,
            row["id"],
            location,
            name,
            every,
            base=Path.cwd(),
            forbidden=platform.settings.home,
            allowed_hosts=platform.settings.allowed_hosts,
            include=include,
            exclude=exclude,
        )
    if as_json:
        print_json(added)
    else:
        say(f"Added {added.location} as the source {added.name}. Read it with `rage ingest {space}`.")


@source.command("list")
@click.argument("space")
@json_option
def list_(space: str, as_json: bool) -> None:
    """List the sources of SPACE."""
    with opened() as platform, entered(platform, space) as (connection, row):
        found = sources.listing(connection, row["id"])
    if as_json:
        print_json(found)
        return
    rows = [
        (
            s.name,
            s.kind,
            s.location,
            f"{s.every_seconds} s" if s.every_seconds else "when asked",
            " ".join([*s.include, *(f"not:{pattern}" for pattern in s.exclude)]),
            f"{s.last_scan_at:%Y-%m-%d %H:%M}" if s.last_scan_at else "never",
            s.last_error or "",
        )
        for s in found
    ]
    columns = ("name", "kind", "location", "every", "patterns", "last scan", "problem")
    print_table(columns, rows, empty=f"There is none yet. Add one with `rage source add {space} FOLDER`.")


@source.command()
@click.argument("space")
@click.argument("name")
@json_option
@click.pass_context
def remove(ctx: click.Context, space: str, name: str, as_json: bool) -> None:
    """Remove the source NAME from SPACE with all its documents."""
    with opened() as platform:
        with (
            audited(platform, "sources.remove", target=name, space=space),
            entered(platform, space) as (connection, row),
        ):
            request_source_removal(connection, row["id"], name)
        report = run(space)
    if not as_json:
        say(f"Removed the source {name}.")
    ctx.exit(print_report(report, as_json))


@source.command("select")
@click.argument("space")
@click.argument("name")
@pattern_options
@click.option("--clear", is_flag=True, help="Remove all patterns first.")
@json_option
def select_(space: str, name: str, include: tuple[str, ...], exclude: tuple[str, ...], clear: bool, as_json: bool) -> None:
    """Say anew which files of the source NAME of SPACE become documents; the next run follows."""
    if not (include or exclude or clear):
        raise InvalidInput("No patterns are given.", hint="Give --include, --exclude or --clear.")
    with (
        opened() as platform,
        audited(platform, "sources.select", target=name, space=space),
        entered(platform, space) as (connection, row),
    ):
        found = sources.get(connection, row["id"], name)
        kept = () if clear else None
        changed = change_selection(connection, found, include or kept, exclude or kept)
    if as_json:
        print_json(changed)
    else:
        say(f"{name} takes another part of its files with the next `rage ingest {space}`.")


@source.command()
@click.argument("space")
@click.argument("name")
@click.option(
    "--rule", "rules", multiple=True, metavar="'PATTERN = GROUP, …'", help="Repeat it; the last that matches decides."
)
@click.option("--clear", is_flag=True, help="Remove all rules.")
@json_option
def access(space: str, name: str, rules: tuple[str, ...], clear: bool, as_json: bool) -> None:
    """Show, or replace, who may see which documents of the source NAME of SPACE.

    A rule is a pattern as in .gitignore and the groups that may see what matches it: 'hr/** = hr, board'. The group
    everyone stands for all members of the space; no group at all for its administrators alone.
    """
    parsed = [_rule(rule) for rule in rules]
    with (
        opened() as platform,
        audited(platform, "access.change", target=name, space=space, change=bool(parsed or clear)),
        entered(platform, space) as (connection, row),
    ):
        found = sources.get(connection, row["id"], name)
        changed = access_rules.set_rules(connection, found.id, parsed) if parsed or clear else 0
        in_effect = access_rules.rules_of(connection, found.id)
    if as_json:
        print_json({"rules": in_effect, "changed": changed})
        return
    shown = [(rule.pattern, ", ".join(rule.groups) or "(administrators)") for rule in in_effect]
    print_table(("pattern", "groups"), shown, empty=f"{name} has no rules: all members of {space} see its documents.")
    if parsed or clear:
        say(f"{changed} documents changed.")


def _rule(given: str) -> AccessRule:
    pattern, separator, groups = given.partition("=")
    if not separator:
        raise InvalidInput(f"{given[:80]!r} is no rule.", hint="Write 'PATTERN = GROUP, GROUP'.")
    names = [group.strip() for group in groups.split(",") if group.strip()]
    return checked(AccessRule, pattern=pattern.strip(), groups=tuple(names))
