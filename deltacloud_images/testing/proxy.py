"""A proxy on loopback between a driver and its cloud that breaks the connection in any way asked for."""

import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from typing import Self

from deltacloud_images.testing.exchange import Behaviour, serve
from deltacloud_images.testing.fault import Fault

_CHUNK = 65536
GARBAGE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 12\r\nConnection: close\r\n\r\n\x00\xff<garbage{]"
)
SERVER_ERROR = (
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n"
    b"Connection: close\r\n\r\noops"
)
THROTTLED = (
    b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n"
    b"Connection: close\r\n\r\nslow"
)


class FaultProxy:
    """Forwards TCP to ``target`` until told to break. ``answers`` replaces the bytes of a faulty HTTP answer.

    With ``server_tls`` the proxy speaks TLS to the driver, and with ``target_tls`` to the cloud, so that it can put
    faulty answers into encrypted connections. ``requests`` counts the chunks that clients have sent.
    """

    def __init__(
        self,
        target: tuple[str, int],
        *,
        server_tls: ssl.SSLContext | None = None,
        target_tls: ssl.SSLContext | None = None,
        answers: dict[Fault, bytes] | None = None,
    ) -> None:
        """Listens on a free port of loopback: see ``address``."""
        self.target = target
        self._server_tls = server_tls
        self._target_tls = target_tls
        self._answers = {
            Fault.SERVER_ERROR: SERVER_ERROR,
            Fault.GARBAGE: GARBAGE,
            Fault.THROTTLED: THROTTLED,
            **(answers or {}),
        }
        self._fault: Fault | None = None
        self._behaviour: Behaviour | None = None
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        self._released = Event()
        self.requests = 0
        self._listener = self._listen(0)
        self.address: tuple[str, int] = self._listener.getsockname()

    def __enter__(self) -> Self:
        """The proxy; leaving closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Stop listening and cut all connections."""
        self._released.set()
        self._stop_listening()
        self._cut_all()

    @contextmanager
    def broken(self, fault: Fault) -> Iterator[None]:
        """Break every connection, old and new, while the context is open."""
        self._released.clear()
        self._fault = fault
        self._cut_all()
        if fault is Fault.REFUSED:
            self._stop_listening()
        try:
            yield
        finally:
            self._fault = None
            self._released.set()
            self._cut_all()
            if fault is Fault.REFUSED:
                self._listener = self._listen(self.address[1])

    @contextmanager
    def hostile(self, behave: Behaviour) -> Iterator[None]:
        """Read every request, and let ``behave`` respond, while the context is open."""
        self._behaviour = behave
        self._cut_all()
        try:
            yield
        finally:
            self._behaviour = None
            self._cut_all()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), reuse_port=False)
        Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _stop_listening(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # TLS writes more than once before a response
            Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError, ValueError):  # a socket that another thread has closed is a ValueError for select
            if self._server_tls:
                client = self._server_tls.wrap_socket(client, server_side=True)
            self._track(client)
            if self._behaviour:
                serve(client, self.target, self._target_tls, self._behaviour)
            elif self._fault in self._answers:
                self._answer(client, self._answers[self._fault])
            elif self._fault is Fault.TIMEOUT:
                self._released.wait()
            else:
                self._forward(client)
        self._drop(client)

    def _answer(self, client: socket.socket, answer: bytes) -> None:
        if client.recv(_CHUNK):
            client.sendall(answer)
            client.shutdown(socket.SHUT_WR)
            while client.recv(_CHUNK):
                pass

    def _forward(self, client: socket.socket) -> None:
        upstream = socket.create_connection(self.target)
        if self._target_tls:
            upstream = self._target_tls.wrap_socket(upstream, server_hostname=self.target[0])
        self._track(upstream)
        try:
            self._relay(client, upstream)
        finally:
            self._drop(upstream)

    def _relay(self, client: socket.socket, upstream: socket.socket) -> None:
        """Both directions in one thread: two may not use one TLS connection at once."""
        sources = [client, upstream]
        while upstream in sources:
            for source in _readable(sources):
                chunk = _received(source)
                if chunk == b"":
                    if self._target_tls:
                        return
                    sources.remove(source)
                    if source is client:
                        upstream.shutdown(socket.SHUT_WR)
                elif chunk and source is client:
                    self.requests += 1
                    upstream.sendall(chunk)
                elif chunk and self._fault is Fault.CUT:
                    client.sendall(chunk[: len(chunk) // 2])
                    return
                elif chunk:
                    client.sendall(chunk)

    def _track(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)

    def _drop(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    def _cut_all(self) -> None:
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            self._drop(connection)


def _readable(sources: list[socket.socket]) -> list[socket.socket]:
    decrypted: list[socket.socket] = [each for each in sources if isinstance(each, ssl.SSLSocket) and each.pending()]
    return decrypted or select.select(sources, [], [])[0]


def _received(source: socket.socket) -> bytes | None:
    """What has come; ``None`` if it was nothing for the application, as TLS sends at times."""
    source.settimeout(0)
    try:
        return source.recv(_CHUNK)
    except ssl.SSLWantReadError:
        return None
    finally:
        source.settimeout(None)
