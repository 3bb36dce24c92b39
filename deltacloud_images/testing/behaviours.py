"""How a hostile cloud behaves: slow, endless, very large, or elsewhere."""

import gzip
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Event, Lock

from deltacloud_images.testing.exchange import Behaviour, Exchange, Reply

OK = b"HTTP/1.1 200 OK\r\n"
_PAUSE_SECONDS = 0.02
_MIB = 1024 * 1024
_GIB = 1024 * _MIB


def dribbling(head: bytes, piece: bytes) -> Behaviour:
    """Send the head, then the same few bytes every few milliseconds until the driver closes the connection."""

    def behave(exchange: Exchange) -> None:
        exchange.connection.sendall(head)
        pause = Event()
        while not pause.wait(_PAUSE_SECONDS):
            exchange.connection.sendall(piece)

    return behave


def flooding(head: bytes, piece: bytes, pieces: int) -> Behaviour:
    """Send the head, then the same piece so often."""

    def behave(exchange: Exchange) -> None:
        exchange.connection.sendall(head)
        for _ in range(pieces):
            exchange.connection.sendall(piece)

    return behave


def silent(exchange: Exchange) -> None:
    """Send nothing until the driver closes the connection."""
    exchange.connection.recv(1)


#: Clouds whose response never ends: the deadline ends it.
SLOW: dict[str, Behaviour] = {
    "silence": silent,
    "a byte of the head at a time": dribbling(OK + b"X-Slow: ", b"x"),
    "a byte of the body at a time": dribbling(OK + b"Content-Length: 1000000\r\n\r\n", b"<"),
    "100 Continue again and again": dribbling(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


def _packed(levels: int) -> bytes:
    """Return a gibibyte of zeros, compressed once or several times."""
    packed = gzip.compress(bytes(_MIB)) * 1024
    for _ in range(levels - 1):
        packed = gzip.compress(packed)
    return packed


def _bomb(coding: str, levels: int) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        body = _packed(levels)
        head = f"Content-Encoding: {coding}\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
        exchange.connection.sendall(OK + head.encode() + body)

    return behave


#: Clouds whose response is large, or becomes large when it is decoded or parsed: it is refused, and memory is bounded.
LARGE: dict[str, Behaviour] = {
    "a gzip bomb": _bomb("gzip", 1),
    "a gzip bomb in gzip": _bomb("gzip, gzip", 2),
    "a gigabyte": flooding(OK + f"Content-Length: {_GIB}\r\n\r\n".encode(), bytes(_MIB), 1024),
    "chunks without end": flooding(
        OK + b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + bytes(_MIB) + b"\r\n", 1024
    ),
    "100 MB of nonsense": flooding(OK + f"Content-Length: {100 * _MIB}\r\n\r\n".encode(), b"\xff\x00<{[" * 20480, 1024),
    "many small elements": flooding(
        OK + f"Content-Type: text/xml\r\nContent-Length: {30 * _MIB}\r\n\r\n<a>".encode(), b"<b/>" * (_MIB // 4), 30
    ),
    "many small arrays": flooding(
        OK + f"Content-Type: application/json\r\nContent-Length: {30 * _MIB}\r\n\r\n[".encode(),
        b"[],0" * (_MIB // 4),
        30,
    ),
}


def endless_markup(status: int) -> Behaviour:
    """Send an error page that is nothing but opening brackets."""

    def behave(exchange: Exchange) -> None:
        exchange.send(Reply(status, (("Content-Type", "text/html"),), b"<html><body>" + b"<" * 500_000))

    return behave


def redirecting(status: int, url: str) -> Behaviour:
    """Send the driver elsewhere."""

    def behave(exchange: Exchange) -> None:
        exchange.send(Reply(status, (("Location", url),), b""))

    return behave


class Recorder:
    """Forwards requests, and keeps them and the cloud's replies in order. ``seconds`` delays each reply."""

    def __init__(self, seconds: float = 0.0, header: tuple[str, str] | None = None) -> None:
        """Add ``header`` to each reply, if it is given."""
        self.requests: list[bytes] = []
        self.replies: list[Reply] = []
        self._seconds = seconds
        self._header = header
        self._lock = Lock()

    def __call__(self, exchange: Exchange) -> None:
        """Forward a request."""
        with self._lock:
            self.requests.append(exchange.request)
        time.sleep(self._seconds)
        reply = exchange.forward()
        if self._header:
            reply = reply.with_header(*self._header)
        with self._lock:
            self.replies.append(reply)
        exchange.send(reply)


class Replay:
    """Replies as recorded, in order, one of them replaced; the last is repeated for whatever else is requested."""

    def __init__(self, replies: list[Reply], index: int, replacement: Iterator[Reply]) -> None:
        """Replace the reply of that index, and what follows the last one, by the next replacement."""
        self._replies = replies
        self._index = index
        self._replacement = replacement
        self._numbers = count()
        self._lock = Lock()
        self.sent = 0

    def __call__(self, exchange: Exchange) -> None:
        """Reply to the next request."""
        with self._lock:
            number = next(self._numbers)
            self.sent += 1
            replaced = number == self._index or number >= len(self._replies)
            reply = next(self._replacement) if replaced else self._replies[number]
        exchange.send(reply)


class HangingOnce:
    """Lets the first request hang, and forwards all others."""

    def __init__(self) -> None:
        """Hang until ``released`` is set; ``started`` tells that the first request has come."""
        self.started = Event()
        self.released = Event()
        self._lock = Lock()

    def __call__(self, exchange: Exchange) -> None:
        """Hang or forward."""
        with self._lock:
            hang = not self.started.is_set()
            self.started.set()
        if hang:
            self.released.wait()
        exchange.send(exchange.forward())


@contextmanager
def released(hanging: HangingOnce) -> Iterator[HangingOnce]:
    """Release it at the end, whatever happens."""
    try:
        yield hanging
    finally:
        hanging.released.set()
