"""`rage login`, `rage logout`, `rage whoami`: signing in at the configured issuer from a command line."""

from typing import Any

import click

from cli.output import json_option, note, print_json, say


@click.command()
@json_option
def login(as_json: bool) -> None:
    """Sign in at the configured issuer: open the address that is shown, and enter the code."""
    from cli.stored_login import Login

    stored = _stored()
    device = stored.client.device_start()
    tell = note if as_json else say
    tell(f"Open {device.verification_uri}")
    tell(f"and enter the code {device.user_code}")
    if device.verification_uri_complete:
        tell(f"(or open {device.verification_uri_complete} and compare the code).")
    tell("Waiting for you. Ctrl-C gives up.")
    tokens = stored.client.device_poll(device)
    verified = stored.verifier.inspect(tokens.access_token)
    with stored.locked():
        where = stored.save(Login.of(tokens))
    if as_json:
        print_json(_person(verified) | {"kept_in": where})
    else:
        say(f"Signed in as {verified.caller.name or verified.caller.principal}; kept in {where}.")


@click.command()
@json_option
def logout(as_json: bool) -> None:
    """End the sign-in here and at the issuer."""
    from resources.errors import ServiceUnavailable

    stored = _stored()
    failure = None
    with stored.locked():
        kept = stored.load()
        if kept is not None and kept.refresh_token is not None:
            try:
                stored.client.revoke(kept.refresh_token)
            except ServiceUnavailable as error:
                failure = error
        stored.forget()
    if failure is not None:
        raise ServiceUnavailable(
            "Signed out here; but the issuer could not be told.", hint="The sign-in ends there by itself within hours."
        ) from failure
    if as_json:
        print_json({"signed_out": kept is not None})
    else:
        say("Signed out." if kept is not None else "Nobody was signed in.")


@click.command()
@json_option
def whoami(as_json: bool) -> None:
    """Show who is signed in, with groups and role."""
    stored = _stored()
    verified = stored.verifier.inspect(stored.current().access_token)
    if as_json:
        print_json(_person(verified))
        return
    caller = verified.caller
    say(f"name           {caller.name or '-'}")
    say(f"principal      {caller.principal}")
    say(f"groups         {', '.join(caller.groups) or '-'}")
    say(f"platform role  {caller.platform_role or '-'}")
    say(f"token until    {verified.expires_at.astimezone():%Y-%m-%d %H:%M:%S %Z}")


def _stored() -> Any:
    from cli.stored_login import StoredLogin
    from resources.logs import configure_logs
    from resources.settings import settings

    configure_logs("ERROR", for_a_person=True)
    return StoredLogin(settings())


def _person(verified: Any) -> dict[str, Any]:
    caller = verified.caller
    return {
        "name": caller.name,
        "principal": caller.principal,
        "groups": list(caller.groups),
        "platform_role": caller.platform_role,
        "expires_at": verified.expires_at,
    }
