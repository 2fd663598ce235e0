"""A small HTTP server between us and the real Keycloak: it counts what passes, and can be as if the network were down."""

import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


class Front:
    """Forwards to `target`; Keycloak takes its own name from the request's, so that the issuer is this server."""

    def __init__(self, target: str) -> None:
        self.requests: Counter[str] = Counter()
        self.down = False
        self.delay_s = 0.0
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        """Answers in place of Keycloak's, by the last part of the path."""
        self._target = target
        self._http = httpx.Client(timeout=30, follow_redirects=False)
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                front._serve(self)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # a client that went away is no event

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        name = handler.path.split("?")[0].rsplit("/", 1)[-1]
        self.requests[name] += 1
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        time.sleep(self.delay_s)
        if self.down:
            handler.close_connection = True
            return
        if name in self.answers:
            status, headers, content = self.answers[name]
        else:
            sent = {
                key: value for key, value in handler.headers.items() if key.lower() not in {"connection", "accept-encoding"}
            }
            answer = self._http.request(handler.command, self._target + handler.path, headers=sent, content=body)
            status, content = answer.status_code, answer.content
            headers = {key: answer.headers[key] for key in ("content-type", "location") if key in answer.headers}
        handler.send_response(status)
        for key, value in headers.items():
            handler.send_header(key, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._http.close()
