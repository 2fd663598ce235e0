"""`rage token`: a bearer token of whoever is signed in, or of the local administrator where no issuer is configured."""

import time

import click

from cli.output import json_option, print_json


@click.command()
@json_option
def token(as_json: bool) -> None:
    """Print a bearer token: yours after `rage login`; without an issuer, the local administrator's for 15 minutes."""
    access_token, expires_in = _token()
    if as_json:
        print_json({"access_token": access_token, "token_type": "bearer", "expires_in": expires_in})
    else:
        click.echo(access_token)


def _token() -> tuple[str, int]:
    from resources.logs import configure_logs
    from resources.settings import settings

    configured = settings()
    if configured.oidc_issuer:
        from cli.stored_login import StoredLogin

        configure_logs("ERROR", for_a_person=True)
        login = StoredLogin(configured).current()
        return login.access_token, int(login.expires_at - time.time())
    from resources.postgres.embedded import check_home
    from resources.sign_in.local import issue_token

    check_home(configured.home)
    return issue_token(configured.home, configured.oidc_audience)
