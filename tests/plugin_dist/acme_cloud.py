"""The cloud Acme in small: an HTTP server on loopback that holds users, sessions and images."""

import json
import secrets
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

PAGE_SIZE = 3


class Refused(Exception):
    """A response with an error: its HTTP status and Acme's code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(status, code)
        self.status = status
        self.code = code


class AcmeCloud(ThreadingHTTPServer):
    """Listens on a free port until it is closed. ``requests`` holds the methods and paths that were requested."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.users = {"alice": "secret"}
        self.sessions: dict[str, str] = {}
        self.images: dict[str, dict[str, Any]] = {}
        self.requests: list[str] = []
        self._numbers = count(1)
        for owner, protected in (("acme", True), ("acme", False), ("alice", False), ("alice", False)):
            self.add_image(owner, protected)
        Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add_image(self, owner: str, protected: bool = False) -> str:
        number = next(self._numbers)
        self.images[f"image-{number}"] = {
            "id": f"image-{number}",
            "name": f"web {number}",
            "description": "a web server",
            "owner": owner,
            "arch": "amd64",
            "state": "available",
            "created": "2024-08-30T00:12:05Z",
            "protected": protected,
        }
        return f"image-{number}"

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def cloud(self) -> AcmeCloud:
        return cast(AcmeCloud, self.server)

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def do_DELETE(self) -> None:
        self._respond()

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.cloud.requests.append(f"{self.command} {self.path}")
        try:
            status, document = self._document(body)
        except Refused as refusal:
            status, document = refusal.status, {"error": {"code": refusal.code, "message": f"Acme: {refusal.code}"}}
        content = b"" if status == 204 else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(content)

    def _document(self, body: bytes) -> tuple[int, Any]:
        parts = urlsplit(self.path)
        if parts.path == "/sessions":
            return 201, {"token": self._log_in(json.loads(body))}
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        user = self.cloud.sessions.get(token)
        if user is None:
            raise Refused(401, "SESSION_EXPIRED")
        if parts.path == "/session":
            if self.command == "DELETE":
                del self.cloud.sessions[token]
            return (204, None) if self.command == "DELETE" else (200, {"user": user})
        if parts.path == "/images":
            return 200, self._page(parse_qs(parts.query))
        return self._image(unquote(parts.path.removeprefix("/images/")), user)

    def _log_in(self, credentials: dict[str, str]) -> str:
        if self.cloud.users.get(credentials["user"]) != credentials["password"]:
            raise Refused(401, "WRONG_PASSWORD")
        token = secrets.token_hex(16)
        self.cloud.sessions[token] = credentials["user"]
        return token

    def _page(self, query: dict[str, list[str]]) -> dict[str, Any]:
        owners = query.get("owner")
        wanted = [each for each in list(self.cloud.images.values()) if owners is None or each["owner"] in owners]
        start = int(query.get("page", ["0"])[0])
        end = start + PAGE_SIZE
        return {"images": wanted[start:end], "next": str(end) if end < len(wanted) else None}

    def _image(self, image_id: str, user: str) -> tuple[int, Any]:
        image = self.cloud.images.get(image_id)
        if image is None:
            raise Refused(404, "IMAGE_NOT_FOUND")
        if self.command == "GET":
            return 200, image
        if image["protected"]:
            raise Refused(409, "IMAGE_PROTECTED")
        if image["owner"] != user:
            raise Refused(403, "NOT_ALLOWED")
        del self.cloud.images[image_id]
        return 204, None

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log nothing."""
