"""A small HTTP(S) server that stands in for what the local Elasticsearch cannot do: keys, refusals, having no time."""

import json
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Any]


class StandIn:
    """Answers as `answer(method, path, lines of the body)` says, and keeps what was asked.

    Attributes:
        asked: (method, path, headers, body) of each request.
        delay_s: How long it takes over each.
    """

    def __init__(self, answer: Callable[[str, str, list[Any]], Answer], certificate: tuple[str, str] | None = None) -> None:
        self.asked: list[tuple[str, str, dict[str, str], str]] = []
        self.delay_s = 0.0
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                path = self.path.split("?")[0]
                headers = {name.lower(): value for name, value in self.headers.items()}
                stand_in.asked.append((self.command, path, headers, body))
                time.sleep(stand_in.delay_s)
                lines = [json.loads(line) for line in body.splitlines() if line]
                status, content = answer(self.command, path, lines)
                sent = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("X-Elastic-Product", "Elasticsearch")
                self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=8")
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # a client that went away is no event

        self._server = Server(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if certificate else 'http'}://localhost:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def of(self, path: str) -> list[tuple[str, str, dict[str, str], str]]:
        """What was asked of paths that end so."""
        return [each for each in self.asked if each[1].endswith(path)]

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()
