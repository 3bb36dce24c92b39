"""The clients' connections: whether a client is still there, and how one is told that its response is incomplete."""

import select
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any

from deltacloud_images.web.parking import TICKET

#: Linux reports a peer that has closed its side; elsewhere only broken connections are noticed.
_CLOSED = getattr(select, "POLLRDHUP", 0)

_NO_LINGER = struct.pack("ii", 1, 0)  # struct linger: on, for 0 seconds


def reset(environ: Mapping[str, Any]) -> None:
    """Reset the request's connection if its client could not tell otherwise that the response is incomplete.

    A response of HTTP/1.0 ends when the connection is closed. One of HTTP/1.1 lacks its last chunk. Nothing is done
    under this package's own worker, whose requests have a ticket: it resets connections by itself.
    """
    connection: socket.socket | None = environ.get("gunicorn.socket")
    if environ.get("SERVER_PROTOCOL") != "HTTP/1.0" or connection is None or TICKET in environ:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    connection.close()


def disconnected(environ: Mapping[str, Any]) -> Callable[[], bool] | None:
    """Return a function that tells whether the request's client has disconnected.

    ``None`` where the server does not hand over its connection. A client that closes only its sending side counts as
    disconnected, as for common proxies: the two cannot be told apart.
    """
    connection = environ.get("gunicorn.socket")
    if connection is None:
        return None

    def is_disconnected() -> bool:
        poll = select.poll()
        try:
            poll.register(connection, _CLOSED)
            return bool(poll.poll(0))
        except (OSError, ValueError):  # closed by the server itself
            return True

    return is_disconnected
