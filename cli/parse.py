"""`rage parse`: what the platform sees in a file."""

import time
from pathlib import Path
from typing import Any

import click

from cli.output import json_option, note, plain, print_json, say
from resources.errors import ParseFailed


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@json_option
@click.pass_context
def parse(ctx: click.Context, files: tuple[str, ...], as_json: bool) -> None:
    """Show what the platform sees in each FILE, storing nothing; with --json, one line for each."""
    failures = 0
    for path in files:
        row = _parsed(path)
        failures += "error" in row
        if as_json:
            print_json(row, indent=None)
        else:
            _show(row)
    ctx.exit(1 if failures else 0)


def _parsed(path: str) -> dict[str, Any]:
    from rage_assets.blocks.parsing import parse_file

    began = time.perf_counter()
    try:
        document = parse_file(Path(path), path)
    except ParseFailed as error:
        return {"path": path, "error": {"reason": error.reason, "detail": error.message}}
    except OSError as error:
        return {"path": path, "error": {"reason": "unreadable", "detail": error.strerror or str(error)}}
    blocks = [{**block.model_dump(mode="json"), "order": order} for order, block in enumerate(document.blocks)]
    return {
        "path": path,
        "media_type": document.media_type,
        "title": document.title,
        "language": document.language,
        "parser": document.parser,
        "blocks": blocks,
        "seconds": round(time.perf_counter() - began, 4),
    }


def _show(row: dict[str, Any]) -> None:
    if "error" in row:
        note(f"{row['path']}: {row['error']['reason']}: {row['error']['detail']}")
        return
    say(f"{row['path']}  {row['media_type']}  {len(row['blocks'])} blocks  {row['seconds']:.2f} s")
    for block in row["blocks"]:
        page = f" p. {block['page']}" if block["page"] else ""
        say(f"  {block['type']:<9}{page} {plain(' '.join(block['text'].split()), 100)}")
