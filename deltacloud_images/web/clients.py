"""The clients' connections: whether a client is still there."""

import select
from collections.abc import Callable, Mapping
from typing import Any

#: Linux reports a peer that has closed its side; elsewhere only broken connections are noticed.
_CLOSED = getattr(select, "POLLRDHUP", 0)


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
