"""One client's connection: what has arrived on it, and the request that this forms."""

import socket
import struct
import time
from io import BytesIO
from typing import Any

from gunicorn.config import Config
from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.errors import LimitRequestHeaders, NoMoreData
from gunicorn.http.message import Request
from gunicorn.http.unreader import Unreader

from deltacloud_images.serving.framing import Body, ChunkedBody, LengthBody
from deltacloud_images.serving.limits import Limits

#: The longest head of a request, in bytes: a request line of 64 KiB and as many bytes of headers.
MAX_HEAD = 128 * 1024
#: How long a connection that the server closes waits for the client to close it too, in seconds.
LINGER_SECONDS = 2.0
_READ = 64 * 1024
_RESET = struct.pack("ii", 1, 0)


class Received(Unreader):
    """The bytes of one request, for gunicorn's parser; nothing is read from the client."""

    def __init__(self) -> None:
        """Start without any."""
        super().__init__()
        self.body = bytearray()

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the end of the data."""
        return b""

    def add(self, data: bytes) -> None:
        """Add bytes of the body."""
        self.body += data

    def rewind(self) -> None:
        """Let the body be read from its beginning."""
        self.buf = BytesIO(self.body)


class Connection:
    """A connection that is read without blocking, by the worker's event loop alone, while no thread has it."""

    def __init__(self, client: socket.socket, address: Any, server: Any, limits: Limits) -> None:
        """Take a new connection of ``client``, which is at ``address``, to the listening address ``server``."""
        client.setblocking(False)
        self.socket = client
        self.address = address
        self.server = server
        self.requests = 0
        #: Whether the event loop waits for it to be readable.
        self.watched = False
        #: Whether the server has sent all that it will send.
        self.lingers = False
        #: Whether closing it is to reset it.
        self.resets = False
        self.limits = limits
        self._buffer = bytearray()
        self._reset(limits.head_seconds)

    def _reset(self, seconds: float) -> None:
        self.request: Request | None = None
        self._received = Received()
        self._body: Body | None = None
        self._start(seconds)

    def _start(self, seconds: float) -> None:
        self.since = time.monotonic()
        self.until = self.since + seconds

    @property
    def is_idle(self) -> bool:
        """Whether nothing of a request has arrived."""
        return self.request is None and not self._buffer

    @property
    def size(self) -> int:
        """How many bytes of an unfinished request are kept."""
        return len(self._buffer) + len(self._received.body)

    @property
    def cut(self) -> bool:
        """Whether the request's body was not received to its end, so that no other request can follow."""
        return self._body is not None and self._body.cut

    def read(self) -> bool:
        """Read what has arrived; return whether the client is still there."""
        try:
            data = self.socket.recv(_READ)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not self.lingers:
            if data and self.is_idle:
                self._start(self.limits.head_seconds)
            self._buffer += data
        return bool(data)

    def next_request(self, config: Config) -> Request | None:
        """Return the request if it has arrived, else ``None``; raise gunicorn's errors for a malformed head."""
        if self.request is None and not self._read_head(config):
            return None
        self._read_body()
        return self.request if self._body is None or self._body.complete else None

    def _read_head(self, config: Config) -> bool:
        while self._buffer.startswith(b"\r\n"):  # RFC 9112, section 2.2
            del self._buffer[:2]
        end = self._buffer.find(b"\r\n\r\n") + 4
        if end < 4 and len(self._buffer) <= MAX_HEAD:
            return False
        head = bytes(self._buffer[: end if end >= 4 else MAX_HEAD])
        del self._buffer[: len(head)]
        self.requests += 1
        self._received.unread(head)
        try:
            self.request = Request(config, self._received, self.address, self.requests)
        except (NoMoreData, StopIteration):
            raise LimitRequestHeaders("the head of the request is too large") from None
        self._expect_body(self.request)
        return True

    def _expect_body(self, request: Request) -> None:
        reader = request.body.reader if request.body else None
        limit = self.limits.body_bytes
        if isinstance(reader, ChunkedReader):
            self._body = ChunkedBody(limit)
        elif isinstance(reader, LengthReader) and reader.length:
            self._body = LengthBody(reader.length, cut=reader.length > limit)
        if self._body is None:
            return
        self._start(self.limits.body_seconds)
        expects = getattr(request, "_expected_100_continue", False)
        request._expected_100_continue = False  # type: ignore[attr-defined]  # sent here, where it does not block
        if expects and not self._body.complete and not self._buffer:
            self.socket.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _read_body(self) -> None:
        if self._body is not None and self._buffer and not self._body.complete:
            data = bytes(self._buffer)
            taken = self._body.take(data)
            self._received.add(data[:taken])
            del self._buffer[:taken]

    def rewind(self) -> None:
        """Let the request's body be read again from its beginning."""
        if self.request is not None and self._body is not None:
            self._received.rewind()
            self.request.set_body_reader()

    def renew(self) -> bool:
        """Wait for the next request; return whether bytes of it have already arrived."""
        self._reset(self.limits.keepalive_seconds)
        return bool(self._buffer)

    def linger(self) -> None:
        """Send no more, and wait for the client to close, so that it can read what was sent."""
        self._reset(LINGER_SECONDS)
        self._buffer.clear()
        self.lingers = True
        self.socket.shutdown(socket.SHUT_WR)

    def reset_on_close(self) -> None:
        """Have the connection reset when it closes, so that the client can tell that the response is not complete."""
        self.resets = True
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()
