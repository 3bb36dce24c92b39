"""urllib3's connections on sockets that are bounded by the deadline in force."""

from collections.abc import Callable
from http.client import RemoteDisconnected
from typing import Any

from urllib3 import HTTPConnectionPool, PoolManager, exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from deltacloud_images.kit import sockets


class _OneSend(HTTPConnection):
    """Mixin: sends a request's head and body at once, since each send costs as much as writing the request."""

    _held: list[bytes] | None = None

    def request(self, *arguments: Any, **options: Any) -> None:
        self._held = []
        try:
            super().request(*arguments, **options)
        finally:
            held, self._held = self._held, None
        self.send(b"".join(held))

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)
        else:
            self._held.append(data)


class _Connection(_OneSend):
    """urllib3's connection, on sockets that are bounded by the deadline in force."""

    def _new_conn(self) -> sockets.DeadlineSocket:
        return _connect(self)

    def getresponse(self) -> Any:
        return _complete_head(self, super().getresponse)


class _TLSConnection(_OneSend, HTTPSConnection):
    """The same with TLS."""

    def _new_conn(self) -> sockets.DeadlineSocket:
        return _connect(self)

    def getresponse(self) -> Any:
        return _complete_head(self, super().getresponse)


class _Connections(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSConnections(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


def _connect(connection: HTTPConnection) -> sockets.DeadlineSocket:
    try:
        return sockets.connect(connection._dns_host, connection.port, connection.socket_options)
    except OSError as error:
        raise exceptions.NewConnectionError(connection, str(error)) from error


def _complete_head(connection: HTTPConnection, read_head: Callable[[], Any]) -> Any:
    """Return a response whose head is read; raise ``RemoteDisconnected`` where the head is cut.

    http.client takes the end of the connection for the end of the head, and a cut response for an empty one.
    """
    socket = connection.sock
    if not isinstance(socket, sockets.DeadlineSocket | sockets.DeadlineTLSSocket):  # TLS within a proxy's TLS
        return read_head()
    socket.expect_response()
    response = read_head()
    if socket.has_ended:
        response.close()
        raise RemoteDisconnected("the head of the response is cut")
    return response


def bounded(manager: PoolManager) -> PoolManager:
    """Return the manager; from now on it opens connections that are bounded by the deadline in force."""
    manager.pool_classes_by_scheme = {"http": _Connections, "https": _TLSConnections}
    return manager
