"""Writes a response to a client that may read slowly, or not at all."""

import select
import socket
import time

#: A client that reads more slowly than this, in bytes a second, is taken for one that does not read.
MIN_RATE = 4 * 1024


class Writer:
    """What gunicorn takes for the client's socket: sends within a time limit, the head together with the first bytes.

    ``sendall`` raises ``TimeoutError`` when it has waited for ``seconds`` in which the client has read less than
    ``MIN_RATE`` allows.
    """

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        """``connection`` does not block."""
        self._connection = connection
        self._seconds = seconds
        #: Of the current period of ``seconds``, during which the client has to read.
        self._waited = 0.0
        self._sent = 0
        self._head: bytes | None = None
        self._has_head = False

    def sendall(self, data: bytes) -> None:
        """Send all of it, or keep it if it is the head."""
        if not self._has_head:
            self._has_head, self._head = True, data
            return
        if self._head is not None:
            data, self._head = self._head + data, None
        self._send(data)

    def flush(self) -> None:
        """Send the head of a response without a body."""
        if self._head is not None:
            data, self._head = self._head, None
            self._send(data)

    def _send(self, data: bytes) -> None:
        unsent = memoryview(data)
        while unsent:
            try:
                sent = self._connection.send(unsent)
            except BlockingIOError:
                self._wait()
            else:
                self._sent += sent
                unsent = unsent[sent:]

    def _wait(self) -> None:
        """Wait until the client has read something or the current period is over."""
        left = self._seconds - self._waited
        if left <= 0:
            if self._sent < MIN_RATE * self._seconds:
                raise TimeoutError("The client does not read the response.")
            self._waited, self._sent, left = 0.0, 0, self._seconds
        elif not self._waited:
            self._sent = 0  # what the system buffers is not yet read
        started = time.monotonic()
        poll = select.poll()
        poll.register(self._connection, select.POLLOUT)
        poll.poll(left * 1000)
        self._waited += time.monotonic() - started
