"""`rage parse`: what the platform sees in a file."""

import json
import sys
from collections import deque
from concurrent.futures import Future
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.output import json_option, note, plain, say
from resources.domain import WITHIN
from resources.errors import ParseFailed

if TYPE_CHECKING:
    from rage_assets.blocks.isolation.pool import ReaderPool
    from rage_assets.blocks.isolation.reading import Reading


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@json_option
@click.pass_context
def parse(ctx: click.Context, files: tuple[str, ...], as_json: bool) -> None:
    """Show what the platform sees in each FILE and in the files inside it, storing nothing; with --json, a line for each."""
    from rage_assets.blocks.isolation.opening import reader_pool
    from resources.settings import settings

    failures = 0
    with reader_pool(settings(), files=len(files)) as pool:
        ahead = 2 * pool.workers
        waiting = iter(files)
        under_way = deque((path, _begun(pool, path)) for path in islice(waiting, ahead))
        while under_way:
            path, reading = under_way.popleft()
            failures += _printed(pool, path, reading, as_json)
            under_way += ((each, _begun(pool, each)) for each in islice(waiting, 1))
    ctx.exit(1 if failures else 0)


def _begun(pool: "ReaderPool", path: str) -> "Future[Reading] | OSError":
    """The reading of a file, or why there is nothing to read."""
    try:
        with Path(path).open("rb"):
            return pool.submit(Path(path).absolute(), _in_source(path))
    except OSError as error:
        return error


def _printed(pool: "ReaderPool", path: str, begun: "Future[Reading] | OSError", as_json: bool) -> int:
    """Prints a file and what is inside it; returns how many of these could not be read."""
    if isinstance(begun, OSError):
        return _refused(path, "unreadable", begun.strerror or str(begun), as_json)
    try:
        reading = begun.result()
    except ParseFailed as error:
        return _refused(path, error.reason, error.message, as_json)
    failures = 0
    try:
        (_print_json if as_json else _print)(path, reading)
        for child in reading.document.children:
            inner = f"{path}{WITHIN}{child.name}"
            failures += _printed(pool, inner, pool.submit(Path(str(child.data)), _in_source(inner)), as_json)
    finally:
        reading.close()
    return failures


def _in_source(path: str) -> str:
    """What a path is where its folder is a source: the folders above it are no part of that."""
    file, *inside = path.split(WITHIN)
    return WITHIN.join([Path(file).name, *inside])


def _refused(path: str, reason: str, detail: str, as_json: bool) -> int:
    if as_json:
        _write(json.dumps({"path": path, "error": {"reason": reason, "detail": detail}}, ensure_ascii=False) + "\n")
    else:
        note(f"{path}: {reason}: {detail}")
    return 1


def _print_json(path: str, reading: "Reading") -> None:
    """One line, written block by block: a long file's does not fit into memory."""
    document = reading.document
    facts: dict[str, Any] = {
        "path": path,
        "media_type": document.media_type,
        "title": document.title,
        "language": document.language,
        "parser": document.parser,
        "children": [f"{path}{WITHIN}{child.name}" for child in document.children],
    }
    _write(json.dumps(facts, ensure_ascii=False)[:-1] + ', "blocks": [')
    for order, block in enumerate(reading.stream()):
        row = {**block.model_dump(mode="json"), "order": order}
        _write((", " if order else "") + json.dumps(row, ensure_ascii=False))
    _write(f'], "seconds": {reading.seconds:.4f}}}\n')


def _write(text: str) -> None:
    # a lone surrogate, as in a file name of unknown encoding, becomes a JSON escape
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    if text.endswith("\n"):
        sys.stdout.flush()


def _print(path: str, reading: "Reading") -> None:
    say(f"{path}  {reading.document.media_type}  {reading.blocks} blocks  {reading.seconds:.2f} s")
    for block in reading.stream():
        page = f" p. {block.page}" if block.page else ""
        say(f"  {block.type:<9}{page} {plain(' '.join(block.text.split()), 100)}")
