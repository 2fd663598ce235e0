"""`rage ingest`: one run, here and now, with no server up."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from cli.output import json_option, note, pattern_options, plain, print_json, progress, say
from cli.session import add_by_hand, entered, opened
from resources.audit.acts import audited
from resources.errors import InvalidInput
from resources.settings import settings

if TYPE_CHECKING:
    from rage_assets.ingest import IngestReport

_SHOWN = 20


@click.command()
@click.argument("space")
@click.argument("location", required=False)
@pattern_options
@json_option
@click.pass_context
def ingest(
    ctx: click.Context,
    space: str,
    location: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    as_json: bool,
) -> None:
    """Read what is new or changed in the sources of SPACE; LOCATION is added to them first if it is new."""
    if (include or exclude) and not location:
        raise InvalidInput("Patterns belong to a LOCATION.", hint="`rage source select` changes those of a source.")
    with opened() as platform:  # open until the run ends, or the embedded server would stop and start again
        with (
            audited(platform, "memory.ingest", target=location or "", space=space),
            entered(platform, space) as (connection, row),
        ):
            if location:
                add_by_hand(platform, connection, row["id"], location, include or None, exclude or None)
        report = run(space)
    ctx.exit(print_report(report, as_json))


def run(space: str) -> "IngestReport":
    """Runs an ingestion of a space in this process, with progress on stderr."""
    with progress("Starting") as report, _interrupts() as interrupted:
        from rage_assets.ingest import run_ingest

        try:
            return run_ingest(settings(), space, on_progress=report)
        finally:
            if interrupted():
                raise KeyboardInterrupt


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Yields whether Ctrl-C was pressed. Dagster catches it during a run, and makes a failed run of it."""
    reader, writer = os.pipe()
    for end in (reader, writer):
        os.set_blocking(end, False)
    # told of every signal, whoever handles it
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def interrupted() -> bool:
        with suppress(BlockingIOError):
            return signal.SIGINT in os.read(reader, 4096)
        return False

    try:
        yield interrupted
    finally:
        signal.set_wakeup_fd(before)
        os.close(reader)
        os.close(writer)


def print_report(report: "IngestReport", as_json: bool) -> int:
    """Prints what a run did; returns the exit status that tells it."""
    if as_json:
        print_json(report)
    else:
        found = report.documents
        say(
            f"{found.new} new, {found.changed} changed, {found.removed} removed, {found.unchanged} unchanged, "
            f"{found.quarantined} quarantined" + (f", {found.skipped} skipped" if found.skipped else "")
        )
        say(f"{report.blocks} blocks, {report.passages} passages, {report.embedded} embedded in {report.seconds:.1f} s")
        for error in report.errors[:_SHOWN]:
            note(f"  {plain(error['path'], 200) or '(run)'}: {error['reason']}")
        if len(report.errors) > _SHOWN:
            note(f"  … and {len(report.errors) - _SHOWN} more")
    return 0 if report.state == "succeeded" else 1
