"""What commands print: one JSON document for programs, tables for people, progress on stderr."""

import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

PATIENCE_S = 2.0

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def pattern_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which files of a source become documents."""
    help_ = "Of what does not become documents, likewise; it wins."
    command = click.option("--exclude", multiple=True, metavar="PATTERN", help=help_)(command)
    help_ = "A pattern, as in .gitignore, of what alone becomes documents; repeat it."
    return click.option("--include", multiple=True, metavar="PATTERN", help=help_)(command)


def print_json(data: Any, *, indent: int | None = 2) -> None:
    """Prints data (models, ids and times included) as JSON on stdout."""
    from pydantic_core import to_jsonable_python

    text = json.dumps(to_jsonable_python(data), ensure_ascii=False, indent=indent)
    # a lone surrogate, as in a file name of unknown encoding, becomes a JSON escape
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.flush()


def plain(value: Any, longest: int = 0) -> str:
    """A value for a terminal: without control characters, which could act on it, and cut to `longest`."""
    text = "" if value is None else str(value)
    text = "".join(each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}" for each in text)
    return text if not longest or len(text) <= longest else text[: longest - 1] + "…"


def say(text: str = "") -> None:
    """Prints a line for a person."""
    click.echo(plain(text))


def note(text: str) -> None:
    """Prints a line for a person on stderr."""
    click.echo(plain(text), err=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str = "There are none.") -> None:
    """Prints rows as a table, or says that there are none."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    if not table.row_count:
        say(empty)
        return
    # a pipe has no width: whole lines serve it better than folded ones
    Console(width=None if sys.stdout.isatty() else 200).print(table)


@contextmanager
def progress(label: str) -> Iterator[Callable[[str, int, int | None], None]]:
    """Shows a progress bar on a terminal's stderr if what happens inside takes longer than two seconds.

    Args:
        label: What is going on before the first stage reports.

    Yields:
        A function that takes a stage's name, how much of it is done, and how much there is (None if nobody knows).
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    task = bar.add_task(label, total=None)
    timer = threading.Timer(PATIENCE_S, bar.start)
    timer.daemon = True

    def report(stage: str, done: int, total: int | None) -> None:
        bar.update(task, description=stage, completed=done, total=total)

    if console.is_terminal:
        timer.start()
    try:
        yield report
    finally:
        timer.cancel()
        if bar.live.is_started:
            bar.stop()
