"""`python -m api --host 127.0.0.1 --port 8000`: the query layer as a process of its own."""

import argparse
import signal
import sys

from api.guards import check_guards
from resources.errors import RageError
from resources.listening import proxies, tls_context
from resources.settings import Settings, settings


def main() -> int:
    """Serves until it is told to stop; requests under way finish, for at most ten seconds."""
    parser = argparse.ArgumentParser(prog="python -m api", description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    try:
        check_guards(settings(), arguments.host)
        _serve(arguments.host, arguments.port, settings())
    except RageError as error:
        print(f"rage: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _serve(host: str, port: int, configured: Settings) -> None:
    import uvicorn

    from api.app import create_app
    from api.connections import MAX_HEADER_BYTES, bounded, raise_file_limit
    from resources.dagster_client import RunLauncher
    from resources.logs import configure_logs
    from resources.platform import Platform

    # uvicorn stops gracefully and then raises the signal again, by which Python would die without closing anything
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    configure_logs(configured.log_level)
    tls, trusted = tls_context(configured), proxies(configured)
    platform = Platform(configured, role="api", pool_size=(2, 20))
    try:
        app = create_app(platform, RunLauncher(configured))
        uvicorn.run(
            app,
            host=host,
            port=port,
            http=bounded(configured.header_timeout_s, raise_file_limit()),
            ws="none",
            ssl_context_factory=(lambda *_: tls) if tls else None,
            proxy_headers=bool(trusted),
            forwarded_allow_ips=trusted,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
            h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        )
    finally:
        platform.close()


if __name__ == "__main__":
    sys.exit(main())
