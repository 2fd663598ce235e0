"""`rage space rotate-key` and `rage space destroy-key`: the keys of encrypted spaces."""

from uuid import UUID

import click

from cli.output import json_option, note, print_json, progress, say
from cli.session import opened
from resources.audit.acts import audited
from resources.errors import InvalidInput
from resources.platform import Platform
from resources.postgres import spaces


@click.command("rotate-key")
@click.argument("name", required=False)
@click.option("--data", is_flag=True, help="Also give the space a new key of its own, and put every file of it under that.")
@json_option
@click.pass_context
def rotate_key(ctx: click.Context, name: str | None, data: bool, as_json: bool) -> None:
    """Replace the key that wraps the keys of the space NAME, or of all encrypted spaces.

    Others read and write meanwhile. It may be killed at any time: doing it again goes on.
    """
    from resources.encryption import rotation

    if data and name is None:
        raise InvalidInput("--data needs the NAME of a space.", hint="Rotate the spaces one by one.")
    with (
        opened("worker") as platform,
        progress("Rotating keys") as report,
        audited(platform, "keys.rotate", target=name or "", space=name or "", data=data) as facts,
    ):
        space = _identify(platform, name) if name else None
        done = rotation.rotate_kek(platform.keyring, space, report)
        if data and space:
            key = rotation.rotate_data_key(platform.keyring, space)
            files = rotation.reencrypt(platform.keyring, platform.objects, space, report)
            done |= {"data_key": key, "files": {"rewritten": files.rewritten, "kept": files.kept, "failed": files.failed}}
        facts["rewrapped"] = done["rewrapped"]
    if as_json:
        print_json(done)
    else:
        say(f"{done['rewrapped']} keys are wrapped under {done['kek_id']} now.")
        if "files" in done:
            say(f"{done['files']['rewritten']} files were put under the new key {done['data_key']}.")
    for each in done["failed"]:
        note(f"The keys of the space {each} could not be unwrapped, and stay as they are.")
    for path in done.get("files", {}).get("failed", []):
        note(f"{path} is not what was written, and stays as it is.")
    ctx.exit(1 if done["failed"] or done.get("files", {}).get("failed") else 0)


@click.command("destroy-key")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def destroy_key(name: str, yes: bool, as_json: bool) -> None:
    """Destroy the keys of the encrypted space NAME: nobody can read its files again, from any copy of them."""
    from resources.encryption import rotation

    with opened("worker") as platform:
        space = _identify(platform, name)
        if not yes:
            click.confirm(f"Make every file of the space {name} unreadable for ever?", abort=True, err=True)
        with audited(platform, "keys.destroy", target=name, space=name, space_id=space) as facts:
            receipt = rotation.destroy(platform.keyring, platform.objects, space)
            facts["receipt"] = receipt
    if as_json:
        print_json({"name": name} | receipt)
        return
    say(f"Destroyed {receipt['keys']} keys; {receipt['objects_unreadable']} files are unreadable.")
    note(
        "Backups of the database still hold these keys, wrapped: `rage space rotate-key` takes the key that wraps them "
        "out of use. Text and vectors lie in the database: `rage space delete` removes them."
    )


def _identify(platform: Platform, name: str) -> UUID:
    with platform.database.transaction() as connection:
        found: UUID = spaces.identify(connection, name)["id"]
        return found
