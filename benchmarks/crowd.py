"""Crowds of clients: many that ask, and those that keep a server waiting."""

import selectors
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

TOKEN = b64encode(b"mockuser:mockpassword").decode()


def request(path: str, *headers: str) -> bytes:
    """Return a keep-alive request with the mock cloud's credentials."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Basic {TOKEN}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


class Client:
    """One connection that sends a request again and again, and notes how long each response takes."""

    def __init__(self, port: int, raw: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.raw = raw
        self.seconds: list[float] = []
        self.statuses: dict[int, int] = {}
        self._buffer = b""
        self._length = -1

    def send(self) -> None:
        self._sent = time.monotonic()
        self.socket.sendall(self.raw)

    def read(self) -> bool:
        """Read what has arrived; return whether that completes a response with ``Content-Length``."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._buffer += data
        if self._length < 0 and b"\r\n\r\n" in self._buffer:
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            status = int(head.split(b" ", 2)[1])
            self.statuses[status] = self.statuses.get(status, 0) + 1
            lower = head.lower()
            self._length = int(lower.partition(b"content-length:")[2].partition(b"\r")[0]) if status != 304 else 0
        if self._length < 0 or len(self._buffer) < self._length:
            return False
        self.seconds.append(time.monotonic() - self._sent)
        self._buffer, self._length = b"", -1
        return True


def ask_together(port: int, raw: bytes, clients: int, seconds: float) -> list[Client]:
    """Have clients send their next request as soon as they have a response, for so many seconds; return them."""
    crowd = [Client(port, raw) for _ in range(clients)]
    selector = selectors.DefaultSelector()
    for client in crowd:
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.send()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for key, _ in selector.select(0.1):
            if key.data.read():
                key.data.send()
    for client in crowd:
        client.socket.close()
    selector.close()
    return crowd


def ask_in_turn(port: int, raws: list[bytes], seconds: float, timeout: float = 20.0) -> list[list[float]]:
    """Send the requests in turn, each over its own connection, for so many seconds; return their response times.

    A response that does not come, or not within ``timeout`` seconds, counts as that long, and ends the measurement.
    """
    clients = [Client(port, raw) for raw in raws]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for client in clients:
            client.socket.settimeout(timeout)
            client.send()
            try:
                while not client.read():
                    pass
            except (TimeoutError, ConnectionError):
                client.seconds.append(timeout)
                end = 0
    for client in clients:
        client.socket.close()
    return [client.seconds for client in clients]


def percentile(values: list[float], share: float) -> float:
    """Return the value that this share of the values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


@contextmanager
def connections(port: int, count: int, first: bytes = b"") -> Iterator[list[socket.socket]]:
    """Open connections, send ``first`` on each, and neither read nor send more."""
    opened = []
    try:
        for _ in range(count):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", port))
            connection.sendall(first)
            opened.append(connection)
        yield opened
    finally:
        for connection in opened:
            connection.close()


@contextmanager
def dribblers(port: int, count: int, first: bytes = b"GET /api HTTP/1.1\r\nX-Slow: ") -> Iterator[None]:
    """Keep so many connections open that send ``first`` and then a byte a second; a closed one is opened again."""
    done = Event()

    def start() -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(first)
        return connection

    def dribble() -> None:
        crowd = [start() for _ in range(count)]
        while not done.wait(1.0):
            for index, connection in enumerate(crowd):
                try:
                    connection.sendall(b"x")
                except OSError:
                    connection.close()
                    crowd[index] = start()
        for connection in crowd:
            connection.close()

    thread = Thread(target=dribble)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def silent_cloud() -> Iterator[str]:
    """An endpoint that accepts connections and never responds; give its URL."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
