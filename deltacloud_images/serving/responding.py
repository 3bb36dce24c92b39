"""Calls the application for one request and sends its response, in a thread of the worker."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from gunicorn.http import wsgi
from gunicorn.http.message import Request
from gunicorn.workers.base import Worker

from deltacloud_images.serving.connection import Connection
from deltacloud_images.serving.writer import Writer
from deltacloud_images.web.parking import TICKET, Ticket


class Arrived:
    """A request that has arrived as a whole on its connection."""

    __slots__ = ("connection", "request", "ticket")

    def __init__(self, connection: Connection, request: Request, submit: "Callable[[Arrived], None]") -> None:
        """``submit`` gives the request to a thread."""
        self.connection = connection
        self.request = request
        self.ticket = Ticket(partial(submit, self))


def respond(worker: Worker, arrived: Arrived) -> bool:
    """Send the response to a request; return whether its connection can be used for another request.

    Raises ``Parked`` if the application has parked the request. A response that cannot be sent to its end is logged,
    and the client can tell that it is not complete.
    """
    connection, request = arrived.connection, arrived.request
    connection.rewind()
    writer = Writer(connection.socket, connection.limits.write_seconds)
    response = None
    try:
        response, environ = wsgi.create(request, connection.socket, connection.address, connection.server, worker.cfg)
        response.sock = writer  # type: ignore[assignment]  # gunicorn calls only its sendall
        environ["wsgi.multithread"] = True
        environ[TICKET] = arrived.ticket
        _count(worker)
        if connection.cut:
            response.force_close()
        _send(worker, response, environ)
        writer.flush()
    except OSError as error:
        worker.log.debug("A client did not take its response: %s", error)
        connection.reset_on_close()
        return False
    except Exception as error:  # noqa: BLE001 (whatever it is, the client gets to know)
        if response is None or not response.headers_sent:
            worker.handle_error(request, connection.socket, connection.address, error)
        else:
            worker.log.warning("A response was cut off: %s: %s", type(error).__name__, error)
            if not response.chunked:
                connection.reset_on_close()
        return False
    return not response.should_close() and not getattr(request.body, "failed", False)


def _count(worker: Worker) -> None:
    """Stop the worker after as many requests as gunicorn's ``max_requests`` allows."""
    worker.nr += 1
    if worker.nr >= worker.max_requests:
        worker.alive = False


def _send(worker: Worker, response: Any, environ: Any) -> None:
    def start_response(*arguments: Any) -> Any:
        if not worker.alive:
            response.force_close()
        return response.start_response(*arguments)

    started = datetime.now()
    body = worker.wsgi(environ, start_response)
    try:
        for piece in body:
            response.write(piece)
        response.close()
    finally:
        worker.log.access(response, response.req, environ, datetime.now() - started)
        if hasattr(body, "close"):
            body.close()
