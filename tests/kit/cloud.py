"""A cloud that misbehaves: a server of raw connections, each handled by a function."""

import os
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

Behaviour = Callable[[socket.socket], None]


class Misbehaving:
    """Listens on loopback; ``requests`` holds what each connection sent first, ``released`` ends endless behaviour.

    ``connections`` counts all connections, those without a request included.
    """

    def __init__(self, behave: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.behave = behave
        self.requests: list[bytes] = []
        self.connections = 0
        self.released = Event()
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}/"

    def close(self) -> None:
        self.released.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), self._encrypted(connection) as encrypted:
            self.requests.append(encrypted.recv(65536))
            self.behave(encrypted)

    def _encrypted(self, connection: socket.socket) -> socket.socket:
        """Refuse a client's certificate by an alert alone: closing at once could make the client lose it."""
        if self._tls is None:
            return connection
        encrypted = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        try:
            encrypted.do_handshake()
        except ssl.SSLError:
            with encrypted:
                while os.read(encrypted.fileno(), 65536):
                    pass
            raise
        return encrypted


@contextmanager
def misbehaving(behave: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[Misbehaving]:
    cloud = Misbehaving(behave, tls)
    try:
        yield cloud
    finally:
        cloud.close()


def sends(*pieces: bytes) -> Behaviour:
    """Send these bytes and close."""

    def behave(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    return behave


def dribbles(head: bytes, byte: bytes, pause_seconds: float = 0.05) -> Behaviour:
    """Send the head, then one byte after the other until the connection is closed."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(head)
        pause = Event()
        while not pause.wait(pause_seconds):
            connection.sendall(byte)

    return behave


def floods(head: bytes, piece: bytes) -> Behaviour:
    """Send the head, then the same piece again and again until the connection is closed."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return behave


def silent(connection: socket.socket) -> None:
    """Send nothing until the connection is closed."""
    connection.recv(1)


def ok(body: bytes, *headers: str) -> bytes:
    """A response of status 200."""
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body
