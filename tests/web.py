"""How tests talk HTTP: raw exchanges, and answers as they came."""

import socket
from base64 import b64encode
from dataclasses import dataclass


def basic(user: str, password: str) -> str:
    """An ``Authorization`` header."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


AUTHORIZATION = basic("mockuser", "mockpassword")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: status, headers in order with their names as sent, body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each.lower() == name.lower()]

    def __getitem__(self, name: str) -> str:
        (value,) = self.all(name)
        return value


def exchange(port: int, raw: bytes) -> Answer:
    """Send raw bytes and read the answer until the server closes or the body is complete."""
    with socket.create_connection(("127.0.0.1", port), 30) as connection, connection.makefile("rb") as stream:
        connection.sendall(raw)
        status = int(stream.readline().split()[1])
        headers = []
        while (line := stream.readline().rstrip(b"\r\n")) != b"":
            name, _, value = line.decode("latin1").partition(":")
            headers.append((name, value.strip()))
        answer = Answer(status, headers, b"")
        bodiless = raw.startswith(b"HEAD ") or status in (204, 304)
        if answer.all("Transfer-Encoding") == ["chunked"] and not bodiless:
            body = b""
            while size := int(stream.readline(), 16):
                body += stream.read(size)
                stream.readline()
        elif bodiless:
            body = b""
        else:
            length = answer.all("Content-Length")
            body = stream.read(int(length[0])) if length else stream.read()
        return Answer(status, headers, body)
