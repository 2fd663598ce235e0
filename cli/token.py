"""`rage token`: a bearer token of the local administrator."""

import click

from cli.output import json_option, print_json


@click.command()
@json_option
def token(as_json: bool) -> None:
    """Print a bearer token of the local administrator; it counts for 15 minutes."""
    from resources.errors import InvalidInput
    from resources.postgres.embedded import check_home
    from resources.settings import settings
    from resources.sign_in.local import issue_token

    configured = settings()
    if configured.oidc_issuer:
        raise InvalidInput(
            f"Tokens of this machine do not count: sign-in is by {configured.oidc_issuer}.", hint="`rage login`."
        )
    check_home(configured.home)
    access_token, expires_in = issue_token(configured.home, configured.oidc_audience)
    if as_json:
        print_json({"access_token": access_token, "token_type": "bearer", "expires_in": expires_in})
    else:
        click.echo(access_token)
