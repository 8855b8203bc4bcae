"""A real OpenID Connect provider on the loopback, for one client: discovery, keys, a page that
"signs in" whoever `subject` names, and a token endpoint that checks code, client and PKCE. What it
puts into the token may be spoiled by the test through `spoil`."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlparse

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET = "fenhe", "s3cret of the client"


class Provider:
    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
        self.other_key = RSAKey.generate_key(2048, {"kid": "one"})
        self.subject = "subject-1"
        self.more: dict[str, Any] = {"preferred_username": "li"}
        self.spoil: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
        self.sign: Callable[[dict[str, Any]], str] = self._signed
        self.codes: dict[str, dict[str, str]] = {}
        self.refused: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.claimed_issuer = self.issuer
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def _signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "ES256", "kid": "one"}, claims, self.key, algorithms=["ES256"])

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.claimed_issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        if path == "/keys":
            return 200, {"keys": [self.key.as_dict(private=False)]}
        if path == "/authorize":
            assert query["client_id"] == CLIENT
            assert query["code_challenge_method"] == "S256"
            code = secrets.token_urlsafe(8)
            self.codes[code] = query
            back = urlencode({"code": code, "state": query["state"]})
            return 302, f"{query['redirect_uri']}?{back}"
        return 404, {}

    def token(self, sent: dict[str, str], authorization: str) -> tuple[int, Any]:
        asked = self.codes.pop(sent.get("code", ""), None)
        expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        challenge = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        digest = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        if asked is None or authorization != f"Basic {expected}":
            self.refused.append("client or code")
            return 400, {"error": "invalid_grant"}
        if digest != asked["code_challenge"] or sent["redirect_uri"] != asked["redirect_uri"]:
            self.refused.append("verifier")
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.subject,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.more,
        }
        return 200, {"id_token": self.sign(self.spoil(claims)), "token_type": "Bearer"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlparse(self.path)
                query = {key: values[0] for key, values in parse_qs(url.query).items()}
                self._say(*provider.answer(url.path, query))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                sent = {key: values[0] for key, values in parse_qs(body).items()}
                self._say(*provider.token(sent, self.headers.get("Authorization", "")))

            def _say(self, status: int, what: Any) -> None:
                body = b"" if status == 302 else json.dumps(what).encode()
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", what)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        return Handler
