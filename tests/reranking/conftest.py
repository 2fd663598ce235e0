"""A cross-encoder, a server for `/rerank` in every dialect and with every fault, and settings for both."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from resources.settings import Settings

KEY = "a key for tests"


class RerankServer(ThreadingHTTPServer):
    """Scores by the share of the query's words; `dialect` and `fault` say how it answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.dialect = "tei"
        self.fault = ""
        self.faults_left = -1  # how often it is at fault; -1 without end
        self.delay_s = 0.0
        self.asked: list[tuple[str, dict]] = []
        self.keys: list[str] = []

    def handle_error(self, *_):
        """Whoever asked may be gone."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def settings(self, path="", **given) -> Settings:
        return Settings(reranker_url=self.url + path, **given)


class _Handler(BaseHTTPRequestHandler):
    server: RerankServer

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body))
        self.server.keys.append(self.headers.get("Authorization", ""))
        time.sleep(self.server.delay_s)
        fault, dialect = self.server.fault if self.server.faults_left else "", self.server.dialect
        self.server.faults_left -= self.server.faults_left > 0
        known = {"tei": "/rerank", "cohere": "/rerank", "vllm": "/v1/rerank", "logits": "/v1/rerank"}[dialect]
        field = "texts" if dialect == "tei" else "documents"
        if fault.isdigit():
            self._answer(int(fault), {"error": "no"})
        elif self.path != known:
            self._answer(404, {"error": "not found"})
        elif field not in body:
            self._answer(422, {"error": f"{field} is missing"})
        elif fault == "hung up":
            self.connection.close()
        elif fault == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'[{"index": 0')
            self.close_connection = True
        elif fault == "drip":
            self.send_response(200)
            self.end_headers()
            for _ in range(50):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.1)
        else:
            self._answer(200, self._scored(body["query"], body[field]))

    def _scored(self, query, texts):
        words = query.lower().split()
        shares = [sum(word in text.lower() for word in words) / len(words) for text in texts]
        fault = self.server.fault
        if fault == "no json":
            return None
        if fault == "missing":
            shares = shares[:-1]
        if fault == "nan":
            shares[0] = float("nan")
        if fault == "text":
            shares[0] = "high"
        if self.server.dialect == "tei":
            found = [{"index": index, "score": share} for index, share in enumerate(shares)]
            return {"scores": found} if fault == "shape" else sorted(found, key=lambda each: str(each["score"]))
        if self.server.dialect == "logits":
            shares = [8 * share - 4 for share in shares]
        found = [{"index": index, "relevance_score": share} for index, share in enumerate(shares)]
        return found if fault == "shape" else {"results": found[::-1]}

    def _answer(self, status, value):
        content = b"<html>" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def server() -> Iterator[RerankServer]:
    created = RerankServer()
    threading.Thread(target=created.serve_forever, daemon=True).start()
    yield created
    created.shutdown()
    created.server_close()


@pytest.fixture(scope="session")
def cross_encoder(tmp_path_factory) -> Path:
    """The folder of a small model."""
    from tests.reranking.tiny_cross_encoder import save_tiny_cross_encoder

    return save_tiny_cross_encoder(tmp_path_factory.mktemp("cross-encoder"))
