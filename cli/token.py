"""`rage token`: a bearer token of the local administrator."""

import click

from cli.output import json_option, print_json


@click.command()
@json_option
def token(as_json: bool) -> None:
    """Print a bearer token of the local administrator; it counts for 15 minutes."""
    from resources.postgres.embedded import check_home
    from resources.settings import settings
    from resources.tokens import issue_token

    home = settings().home
    check_home(home)
    access_token, expires_in = issue_token(home)
    if as_json:
        print_json({"access_token": access_token, "token_type": "bearer", "expires_in": expires_in})
    else:
        click.echo(access_token)
