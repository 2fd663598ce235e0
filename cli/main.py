"""`rage`: the way in. Knows every command by name and loads only the one that was asked for."""

import sys
from importlib import import_module
from typing import Any

import click

# command: (module, attribute, what `rage --help` says of it)
COMMANDS = {
    "up": ("cli.up", "up", "Start everything on this machine; Ctrl-C stops it."),
    "space": ("cli.spaces", "space", "Create, list, move and delete memory spaces."),
    "member": ("cli.members", "member", "Say who may do what in a space."),
    "source": ("cli.sources", "source", "Say where a space's documents come from."),
    "ingest": ("cli.ingest", "ingest", "Read what is new or changed, here and now."),
    "parse": ("cli.parse", "parse", "Show what the platform sees in a file."),
    "search": ("cli.search", "search", "Search a space."),
    "ask": ("cli.search", "ask", "Ask a space a question."),
    "index": ("cli.index", "index", "Build, promote and roll back a space's index versions."),
    "evaluate": ("cli.evaluate", "evaluate", "Measure how well a space is searched, on judged queries."),
    "lineage": ("cli.lineage", "lineage", "Walk back from a block to its bytes and its run."),
    "quarantine": ("cli.quarantine", "quarantine", "Show and retry documents that could not be read."),
    "demo": ("cli.demo", "demo", "A first success: a folder into a space, and a question to it."),
    "login": ("cli.login", "login", "Sign in at the configured issuer (Keycloak)."),
    "logout": ("cli.login", "logout", "End the sign-in here and at the issuer."),
    "whoami": ("cli.login", "whoami", "Show who is signed in, with groups and role."),
    "token": ("cli.token", "token", "Print a bearer token: yours, or the local administrator's."),
    "user": ("cli.users", "user", "Manage the people who may sign in here."),
    "key": ("cli.keys", "key", "Create, list and revoke API keys for machines."),
    "session": ("cli.session_revoke", "session", "Show who is signed in, and end it."),
    "audit": ("cli.audit", "audit", "Show, prove, export and seal the record of who did what."),
    "doctor": ("cli.doctor", "doctor", "Check every part, and say how to mend it."),
    "migrate": ("cli.migrate", "migrate", "Bring the database to the schema of this version."),
}


class LazyGroup(click.Group):
    """A group that imports a command when it runs, not when its name is shown."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[name]
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes what `COMMANDS` says, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


def _version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from resources.version import code_version

        click.echo(f"rage {code_version()}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version.")
def rage() -> None:
    """Turn documents into memory that you can search and question.

    Every command takes --json: one JSON document on stdout, everything else on stderr.
    """


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits: 0 done, 1 with failures, 2 wrong use, 3 a service is missing, 130 stopped."""
    arguments = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in arguments
    try:
        status = _run(arguments)
    except click.exceptions.Exit as error:
        status = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nrage: stopped." if sys.stderr.isatty() else "rage: stopped.", err=True)
        status = 130
    except click.ClickException as error:
        if as_json:
            _print_error("wrong_use", error.format_message(), {})
        error.show()
        status = 2
    except BrokenPipeError:  # whoever read our output has enough
        sys.stdout = None
        status = 1
    except Exception as error:
        status = _expected(error, as_json)
    sys.exit(status)


def _run(arguments: list[str]) -> int:
    result: Any = rage.main(arguments, prog_name="rage", standalone_mode=False)
    return result if isinstance(result, int) else 0


def _expected(error: Exception, as_json: bool) -> int:
    """Tells of an expected error in one line; anything else is a bug, and its traceback is wanted."""
    from resources.errors import RageError

    if not isinstance(error, RageError):
        raise error
    if as_json:
        _print_error(error.code, str(error), error.details)
    click.echo(f"rage: {error}", err=True)
    return error.exit_status


def _print_error(code: str, message: str, details: dict[str, Any]) -> None:
    from cli.output import print_json

    print_json({"error": {"code": code, "message": message} | ({"details": details} if details else {})})


if __name__ == "__main__":
    main()
