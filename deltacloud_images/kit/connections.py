"""urllib3's connections on sockets that are bounded by the deadline in force."""

from typing import Any

from urllib3 import HTTPConnectionPool, PoolManager, exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from deltacloud_images.kit import sockets
from deltacloud_images.kit.heads import Head


class _Exchange(HTTPConnection):
    """Mixin: sends a request's head and body at once, since each send costs as much as writing the request.

    It also has the response's bytes counted and its head read by ``Head``.
    """

    response_class = Head
    _held: list[bytes] | None = None

    def request(self, *arguments: Any, **options: Any) -> None:
        self._held = []
        try:
            super().request(*arguments, **options)
        finally:
            held, self._held = self._held, None
        self.send(b"".join(held))

    def getresponse(self) -> Any:
        if isinstance(self.sock, sockets.DeadlineSocket | sockets.DeadlineTLSSocket):  # not TLS within a proxy's TLS
            self.sock.expect_response()
        return super().getresponse()

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)
        else:
            self._held.append(data)


class _Connection(_Exchange):
    """urllib3's connection, on sockets that are bounded by the deadline in force."""

    def _new_conn(self) -> sockets.DeadlineSocket:
        return _connect(self)


class _TLSConnection(_Exchange, HTTPSConnection):
    """The same with TLS."""

    def _new_conn(self) -> sockets.DeadlineSocket:
        return _connect(self)


class _Connections(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSConnections(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


def _connect(connection: HTTPConnection) -> sockets.DeadlineSocket:
    try:
        return sockets.connect(connection._dns_host, connection.port, connection.socket_options)
    except OSError as error:
        raise exceptions.NewConnectionError(connection, str(error)) from error


def bounded(manager: PoolManager) -> PoolManager:
    """Return the manager; from now on it opens connections that are bounded by the deadline in force."""
    manager.pool_classes_by_scheme = {"http": _Connections, "https": _TLSConnections}
    return manager
