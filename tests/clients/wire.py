"""Requests and answers as bytes on a socket: what a test spells out is what the server gets."""

import gzip
import socket
from base64 import b64encode
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPResponse

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    @property
    def head(self) -> str:
        """The header lines as text, for clients that search them themselves."""
        return "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """A request from its lines: nothing is added, not even ``Host`` or ``Content-Length``."""
    return "\r\n".join([line, *headers, "", ""]).encode("latin1") + body


def exchange(address: Address, data: bytes) -> Answer:
    """The answer to these bytes on a connection of their own."""
    with socket.create_connection(address, timeout=60) as connection:
        connection.sendall(data)
        return receive(connection, data.split(b" ", 1)[0].decode())


def receive(connection: socket.socket, method: str) -> Answer:
    """The next answer on an open connection; it must be complete by its own account."""
    response = HTTPResponse(connection, method=method)
    response.begin()
    body = response.read()
    if response.headers["Content-Encoding"] == "gzip":
        body = gzip.decompress(body)
    return Answer(response.status, response.headers, body)


def basic(user: str, password: str = "mockpassword") -> str:
    """The header line of HTTP Basic credentials."""
    return f"Authorization: Basic {b64encode(f'{user}:{password}'.encode()).decode()}"
