"""`rage audit`: who did what, and the proof that nobody altered the record."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from cli.output import json_option, print_json, print_table, progress, say
from cli.session import opened

if TYPE_CHECKING:
    from resources.audit.export import FileReport
    from resources.audit.verify import Report

_AGO = re.compile(r"(\d{1,5})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Moment(click.ParamType[datetime]):
    """A day, a time (UTC unless it says otherwise), or how long ago: 2026-01-31, 2026-01-31T12:00, 90d, 12h."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment."""
        if isinstance(value, datetime):
            return value
        if ago := _AGO.fullmatch(str(value)):
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no time. Write 2026-01-31, 2026-01-31T12:00 or 90d.", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _filters(command: Any) -> Any:
    for option in (
        click.option("--space", default="", help="Of this space only, by name or id."),
        click.option("--document", type=click.UUID, help="That showed or concerned this document only, by its id."),
        click.option("--action", default="", help="Of this action only, such as `memory.search` or `auth`."),
        click.option("--actor", default="", help="Of this principal or name only."),
        click.option("--until", type=Moment(), help="Before this moment."),
        click.option("--since", type=Moment(), help="From this moment on (2026-01-31, or 7d for seven days ago)."),
    ):
        command = option(command)
    return command


@click.group()
def audit() -> None:
    """Show, prove, export and seal the record of who did what."""


@audit.command("list")
@_filters
@click.option("-n", "newest", type=click.IntRange(1, 10_000), default=50, show_default=True, help="The most entries.")
@json_option
def list_(newest: int, as_json: bool, **given: Any) -> None:
    """Show the latest entries."""
    from resources.audit.acts import audited
    from resources.audit.export import line_of
    from resources.postgres import audit_log

    with opened() as platform:
        _ = platform.database
        with audit_log.owner(platform.url("owner")) as connection:
            found = list(audit_log.rows(connection, audit_log.Filters(**given), newest=newest))[::-1]
        with audited(platform, "audit.list", change=False, rows=len(found), filters=_said(given)):
            lines = [line_of(row) for row in found]
    if as_json:
        print_json(lines)
        return
    columns = ("seq", "at", "who", "action", "outcome", "space", "target", "from")
    rows = [
        (
            row["seq"],
            row["at"][:19].replace("T", " "),
            row["actor_name"] or row["actor"],
            row["action"],
            row["outcome"] + (f" {row['status']}" if row["status"] else ""),
            row["details"].get("space") or row["space_id"] or "",
            row["target"],
            row["address"],
        )
        for row in lines
    ]
    print_table(columns, rows, empty="There is no such entry.")


@audit.command()
@click.option("--file", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An export, not the log.")
@click.option("--segments", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Check sealed files, too.")
@click.option(
    "--anchor",
    "anchors",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The audit/anchor.json of another home that wrote to this database.",
)
@json_option
@click.pass_context
def verify(ctx: click.Context, file: Path | None, segments: Path | None, anchors: tuple[Path, ...], as_json: bool) -> None:
    """Prove that nothing was removed, changed, moved, put in or cut off; exit status 1 names the place if not."""
    from resources.audit.export import verify_file
    from resources.audit.key import KeyRing
    from resources.audit.verify import verify as check
    from resources.settings import settings

    report: FileReport | Report
    if file is not None:
        report = verify_file(file, KeyRing.load(settings()))
    else:
        with opened() as platform, progress("Walking the chain"):
            report = check(platform, KeyRing.load(platform.settings), anchors, segments)
    if as_json:
        print_json(report.shown())
    elif report.whole:
        say(_praise(report.shown()))
    for problem in [] if as_json else report.problems:
        say(f"{problem.problem:<15} {problem.detail}")
    ctx.exit(0 if report.whole else 1)


@audit.command()
@_filters
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), help="A new file, in place of stdout.")
@json_option
def export(to: Path | None, as_json: bool, **given: Any) -> None:
    """Write entries as JSON lines with their hashes; `rage audit verify --file` checks them anywhere."""
    from resources.audit.acts import audited
    from resources.audit.export import write_export
    from resources.audit.key import KeyRing
    from resources.postgres import audit_log

    if as_json and to is None:
        raise click.UsageError("--json needs --to: without it the entries themselves are on stdout.")
    with opened() as platform, audited(platform, "audit.export", change=False, filters=_said(given)) as facts:
        with audit_log.owner(platform.url("owner")) as connection, _sink(to) as out, progress("Exporting"):
            rows = audit_log.rows(connection, audit_log.Filters(**given))
            written = write_export(out, rows, KeyRing.load(platform.settings), _said(given))
        facts["rows"] = written.rows
    if as_json:
        print_json({"file": str(to), "rows": written.rows, "sha256": written.sha256.hex()})
    elif to is not None:
        say(f"Wrote {written.rows} entries to {to}.")


@audit.command()
@click.option("--before", "moment", type=Moment(), required=True, help="Older than this (2026-01-31, or 365d).")
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), required=True, help="A new file; keep it.")
@json_option
def seal(moment: datetime, to: Path, as_json: bool) -> None:
    """Move old entries into a sealed file; the chain goes on over it. Safe to repeat after an interruption."""
    from resources.audit.acts import audited
    from resources.audit.key import KeyRing
    from resources.audit.segments import seal as do_seal

    with (
        opened() as platform,
        progress("Sealing"),
        audited(platform, "audit.seal", target=to.name, before=moment) as facts,
    ):
        done = do_seal(platform, KeyRing.load(platform.settings), moment, to.absolute())
        segment = done.segment
        if segment is not None:
            facts |= {"first_seq": segment.first_seq, "last_seq": segment.last_seq, "sha256": segment.sha256.hex()}
    if as_json:
        rows = segment.last_seq - segment.first_seq + 1 if segment else 0
        print_json({"file": str(to) if segment else None, "rows": rows, "finished": [each.file for each in done.finished]})
    elif segment is None:
        say(f"Nothing is older than {moment:%Y-%m-%d %H:%M}.")
    else:
        say(f"Sealed the entries {segment.first_seq} to {segment.last_seq} in {to}. Keep that file.")


@audit.command("rotate-key")
@json_option
def rotate_key(as_json: bool) -> None:
    """Add a key that writes from the next start of each process on; the old ones go on verifying."""
    from resources.audit.acts import audited
    from resources.audit.key import add_key
    from resources.errors import InvalidSettings

    with opened() as platform:
        if platform.settings.audit_key is not None:
            raise InvalidSettings(
                "The audit's keys come from RAGE_AUDIT_KEY.",
                hint="Append a comma and a new key to it (`openssl rand -base64 32`), and restart every process.",
            )
        with audited(platform, "audit.rotate_key") as facts:
            facts["key_id"] = add_key(platform.settings.home)
    if as_json:
        print_json({"key_id": facts["key_id"]})
    else:
        say(f"The key {facts['key_id']} writes once each process has started anew.")


@contextmanager
def _sink(to: Path | None) -> Iterator[IO[bytes]]:
    if to is None:
        yield sys.stdout.buffer
        return
    import os

    from resources.errors import Conflict, InvalidInput

    try:
        descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict(f"{to} is there already.", hint="Name another file.") from None
    except OSError as error:
        raise InvalidInput(f"{to} cannot be written: {error.strerror}.") from None
    with os.fdopen(descriptor, "wb") as file:
        yield file


def _said(given: dict[str, Any]) -> dict[str, str]:
    """The filters that were given, as text."""
    return {name: value.isoformat() if isinstance(value, datetime) else str(value) for name, value in given.items() if value}


def _praise(found: dict[str, Any]) -> str:
    if "filters" in found:
        kind = "filtered " if found["filters"] else ""
        return f"The {kind}export is whole: {found['rows']} entries, {found['first_seq']} to {found['last_seq']}."
    sealed = f", {found['sealed']} more in {found['segments']} sealed segments" if found["segments"] else ""
    end = f" It ends with {found['last_seq']}, {found['last_hash'][:16]}…" if found["last_seq"] else ""
    lines = [f"The audit is whole: {found['rows']} entries{sealed}.{end}"]
    if found["anchored_seq"] is None and found["last_seq"]:
        lines.append("There is no anchor in this RAGE_HOME: whether its end was cut off cannot be told. See --anchor.")
    if found["unfinished"]:
        lines.append(f"The sealing of {found['unfinished']} was interrupted: run `rage audit seal` again.")
    return "\n".join(lines)
