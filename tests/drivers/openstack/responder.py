"""A server on loopback that gives scripted answers, for what the real services cannot be made to say."""

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

#: Status, headers, body; ``None`` closes the connection without an answer.
Answer = tuple[int, dict[str, str], bytes] | None


def as_json(status: int, body: object, **headers: str) -> Answer:
    """An answer in JSON; underscores in header names stand for dashes."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"Content-Type": "application/json", **names}, json.dumps(body).encode()


class Responder:
    """Gives tokens, whose catalog leads back to it; all else is answered by ``script(method, path)``.

    ``token`` may be changed; ``bodies`` are those of the requests; a password that holds ``wrong`` is refused.
    ``before_login`` is called with the body of each request for a token.
    """

    def __init__(self, script: Callable[[str, str], Answer]) -> None:
        self.script = script
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []
        self.cookies: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.port: int = self._server.server_address[1]
        self.token = self._token()
        self.before_login: Callable[[bytes], object] = len
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, cookie: str, body: bytes) -> Answer:
        self.asked.append((method, path))
        self.cookies.append(cookie)
        self.bodies.append(body)
        if path.endswith("/auth/tokens"):
            self.before_login(body)
            refusal = as_json(401, {"error": {"code": 401, "message": "no"}})
            return refusal if b"wrong" in body else as_json(201, {"token": self.token}, X_Subject_Token="token")
        return self.script(method, path)

    def service(self, kind: str, **paths: str) -> dict[str, Any]:
        """A service of the catalog, with the path of each region."""
        root = f"http://127.0.0.1:{self.port}"
        endpoints = [
            {"interface": "public", "region": region, "region_id": region, "url": f"{root}/{path}"}
            for region, path in paths.items()
        ]
        return {"type": kind, "endpoints": endpoints}

    def _token(self) -> dict[str, Any]:
        return {
            "expires_at": "2999-01-01T00:00:00.000000Z",
            "issued_at": "2000-01-01T00:00:00.000000Z",
            "methods": ["password"],
            "project": {"id": "project", "name": "project", "domain": {"id": "default", "name": "Default"}},
            "user": {"id": "user", "name": "user", "domain": {"id": "default", "name": "Default"}},
            "roles": [],
            "catalog": [self.service("compute", R="compute"), self.service("image", R="image")],
        }


def _handler(responder: Responder) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = responder.answer(self.command, self.path, self.headers.get("Cookie", ""), body)
            if answer is None:
                self.close_connection = True
                return
            status, headers, body = answer
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.handle_one()

        def do_POST(self) -> None:
            self.handle_one()

        def do_DELETE(self) -> None:
            self.handle_one()

        def log_message(self, *_: object) -> None:
            pass

    return Handler
