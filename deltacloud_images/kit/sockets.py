"""Sockets that wait only as long as the deadline in force allows, and that receive only so many bytes a response.

The limits hold below HTTP and TLS: between two bytes of a response's head or body, during a TLS handshake, while a
proxy opens a tunnel, and however many ``100 Continue`` a cloud sends.
"""

import errno
import os
import select
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from deltacloud_images.errors import ProviderError, ProviderTimeout
from deltacloud_images.kit import threads
from deltacloud_images.kit.deadline import current

Result = TypeVar("Result")

#: The most bytes that a cloud may send for one response, before and after decoding.
MAX_BYTES = 32 * 1024 * 1024
#: What the head of a response and the framing of its body may add.
_OVERHEAD = 1024 * 1024

_Address = tuple[Any, ...]


class ResponseTooLarge(ProviderError):
    """A response is larger than any that makes sense."""

    def __init__(self) -> None:
        """Make the message, which names the limit."""
        super().__init__(f"The cloud's response exceeds the limit of {MAX_BYTES // 2**20} MiB.")


class _Bounded:
    """Mixin before a socket class: bounds every wait by the deadline in force, and the bytes received."""

    _allowance = MAX_BYTES

    def expect_response(self) -> None:
        """Begin to count the bytes of a response."""
        self._allowance = MAX_BYTES + _OVERHEAD

    def recv_into(self, *arguments: Any) -> int:
        """Receive into a buffer and return the number of bytes."""
        return self._counted(_within_deadline(self, super().recv_into, *arguments))  # type: ignore[misc]

    def recv(self, *arguments: Any) -> bytes:
        """Receive bytes."""
        received: bytes = _within_deadline(self, super().recv, *arguments)  # type: ignore[misc]
        self._counted(len(received))
        return received

    def send(self, *arguments: Any) -> int:
        """Send bytes and return how many were sent."""
        sent: int = _within_deadline(self, super().send, *arguments)  # type: ignore[misc]
        return sent

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all bytes."""
        with memoryview(data) as view, view.cast("B") as rest:
            sent = 0
            while sent < len(rest):
                sent += self.send(rest[sent:], flags)

    def _counted(self, count: int) -> int:
        self._allowance -= count
        if self._allowance < 0:
            raise ResponseTooLarge
        return count


class DeadlineSocket(_Bounded, socket.socket):
    """A TCP socket bounded by the deadline in force."""


class DeadlineTLSSocket(_Bounded, ssl.SSLSocket):
    """A TLS socket bounded by the deadline in force."""

    def do_handshake(self, block: bool = False) -> None:
        """Perform the TLS handshake; close the socket where it fails."""
        try:
            _within_deadline(self, super().do_handshake, block)
        except BaseException:
            self.close()
            raise


def connect(host: str, port: int, options: Sequence[tuple[Any, ...]] | None = None) -> DeadlineSocket:
    """Return a connected socket; ``options`` are arguments of ``setsockopt``.

    Each of the host's addresses gets an equal share of the time left. Raises ``OSError`` if none accepts the
    connection, and ``ProviderTimeout``.
    """
    addresses = _resolve(host, port)
    failure: OSError | ProviderTimeout = OSError(errno.EHOSTUNREACH, "the name has no address")
    for index, (family, kind, protocol, _, address) in enumerate(addresses):
        share = current().left() / (len(addresses) - index)
        connection = DeadlineSocket(family, kind, protocol)
        try:
            for option in options or ():
                connection.setsockopt(*option)
            _connect(connection, address, share)
        except OSError as error:
            connection.close()
            failure = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise failure


def _within_deadline(connection: Any, operation: Callable[..., Result], *arguments: Any) -> Result:
    deadline = current()
    while True:
        connection.settimeout(deadline.slice())
        try:
            return operation(*arguments)
        except TimeoutError:
            continue


def _resolve(host: str, port: int) -> list[tuple[Any, Any, int, str, _Address]]:
    """Return the addresses of a host. A resolver that hangs is left behind in its thread."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        found = threads.start(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        return current().result(found)


def _connect(connection: socket.socket, address: _Address, seconds: float) -> None:
    connection.setblocking(False)
    code = connection.connect_ex(address)
    if code == errno.EINPROGRESS:
        code = _connected(connection, seconds)
    if code:
        raise OSError(code, os.strerror(code))
    connection.settimeout(current().slice())


def _connected(connection: socket.socket, seconds: float) -> int:
    """Wait until the connection is made or refused; return the error's number, 0 if there is none."""
    poll = select.poll()
    poll.register(connection, select.POLLOUT)
    deadline = current()
    while seconds > 0:
        slice_seconds = min(seconds, deadline.slice())
        if poll.poll(slice_seconds * 1000):
            return connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        seconds -= slice_seconds
    return errno.ETIMEDOUT
