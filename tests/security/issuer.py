"""An OpenID Connect issuer of the tests: a real server with discovery and keys, and tokens of every kind, forged or not."""

import base64
import hmac
import json
import threading
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import RSAKey

AUDIENCE = "rage-api"


class LocalOidc:
    """The issuer. What it signs, the product's own verifier checks against the keys that it publishes."""

    def __init__(self) -> None:
        self._key = RSAKey.generate_key(2048, {"kid": "test-1", "use": "sig", "alg": "RS256"}, private=True)
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(issuer.documents.get(self.path, {})).encode()
                self.send_response(200 if self.path in issuer.documents else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/realms/test"
        self.documents = {
            "/realms/test/.well-known/openid-configuration": {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/auth",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/certs",
            },
            "/realms/test/certs": {"keys": [self._key.as_dict(private=False)]},
        }
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stops the server."""
        self._server.shutdown()
        self._server.server_close()

    def token(
        self,
        subject: str,
        groups: Iterable[str] = (),
        role: str | None = None,
        session: str | None = None,
        age_s: int = 0,
        **changes: Any,
    ) -> str:
        """A good access token, but for `changes` of its claims."""
        return self._signed(self._claims(subject, groups, role, session, age_s) | changes)

    def unsigned(self, subject: str, **given: Any) -> str:
        """The same claims under `alg: none`."""
        return f"{_part({'alg': 'none', 'typ': 'JWT', 'kid': 'test-1'})}.{_part(self._claims(subject, **given))}."

    def signed_with_the_public_key(self, subject: str, **given: Any) -> str:
        """The same claims under HS256, the secret being the public key that everybody can fetch."""
        # by hand: no library would
        message = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'test-1'})}.{_part(self._claims(subject, **given))}"
        return f"{message}.{_encoded(hmac.digest(self._key.as_pem(private=False), message.encode(), 'sha256'))}"

    def _signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": "test-1"}, claims, self._key, ["RS256"])

    def _claims(
        self, subject: str, groups: Iterable[str] = (), role: str | None = None, session: str | None = None, age_s: int = 0
    ) -> dict[str, Any]:
        now = int(time.time()) - age_s
        return {
            "iss": self.url,
            "aud": AUDIENCE,
            "azp": "rage-portal",
            "typ": "Bearer",
            "sub": subject,
            "sid": session or str(uuid4()),
            "preferred_username": subject,
            "groups": [f"/{group}" for group in groups],
            "resource_access": {AUDIENCE: {"roles": [role] if role else []}},
            "iat": now,
            "exp": now + 600,
        }


def _part(value: dict[str, Any]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
