"""One HTTP exchange between a driver and its cloud, for tests that change or replace the cloud's response."""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.client import HTTPResponse
from io import BufferedIOBase
from typing import cast

_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding"})


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete response of the cloud."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def with_body(self, body: bytes) -> "Reply":
        """Return the reply with another body."""
        return replace(self, body=body)

    def with_header(self, name: str, value: str) -> "Reply":
        """Return the reply with one more header."""
        return replace(self, headers=(*self.headers, (name, value)))

    def raw(self) -> bytes:
        """Return the bytes of the response."""
        kept = [f"{name}: {value}" for name, value in self.headers if name.lower() not in _HOP]
        lines = [f"HTTP/1.1 {self.status} Status", *kept, f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that a driver has sent, and the connection that waits for the response."""

    connection: socket.socket
    #: The head and body as they were sent.
    request: bytes
    _target: tuple[str, int]
    _target_tls: ssl.SSLContext | None

    def forward(self) -> Reply:
        """Send the request to the cloud and return its response."""
        with socket.create_connection(self._target, 60) as plain:
            tls = self._target_tls
            with tls.wrap_socket(plain, server_hostname=self._target[0]) if tls else plain as upstream:
                upstream.sendall(self.request)
                response = HTTPResponse(upstream, method=self.request.partition(b" ")[0].decode())
                response.begin()
                return Reply(response.status, tuple(response.getheaders()), response.read())

    def send(self, reply: Reply) -> None:
        """Send a response to the driver."""
        self.connection.sendall(reply.raw())


#: What a hostile cloud does with a request.
Behaviour = Callable[[Exchange], None]


def serve(
    connection: socket.socket, target: tuple[str, int], target_tls: ssl.SSLContext | None, behave: Behaviour
) -> None:
    """Read requests from a driver's connection and behave so, until either side ends it."""
    with connection.makefile("rb") as stream:
        while request := _request(cast(BufferedIOBase, stream)):
            behave(Exchange(connection, request, target, target_tls))


def _request(stream: BufferedIOBase) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return b""
        head += line
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
    if fields.get(b"transfer-encoding", b"").strip() == b"chunked":
        return head + _chunks(stream)
    return head + stream.read(int(fields.get(b"content-length", b"0")))


def _chunks(stream: BufferedIOBase) -> bytes:
    body = b""
    while True:
        line = stream.readline()
        chunk = stream.read(int(line, 16) + 2)
        body += line + chunk
        if chunk == b"\r\n":
            return body
