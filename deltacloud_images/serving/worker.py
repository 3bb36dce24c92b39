"""gunicorn's worker class for requests that wait: an event loop reads requests, and threads serve complete ones.

A thread is taken when a request has arrived as a whole, so that a client that sends slowly, or nothing, holds none.
"""

import os
import resource
import selectors
import time
from collections import deque
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

from deltacloud_images.serving import forking
from deltacloud_images.serving.connection import Connection
from deltacloud_images.serving.limits import Limits
from deltacloud_images.serving.pool import ThreadPool
from deltacloud_images.serving.responding import Arrived, respond
from deltacloud_images.web.parking import Parked

#: How many seconds a worker that stops keeps idle connections, for a request that is already on its way.
STOP_IDLE_SECONDS = 1.0
#: How many seconds such a worker goes on reading a request.
STOP_READ_SECONDS = 5.0
#: How many seconds before the end of gunicorn's grace time the worker resets what is left.
_MARGIN_SECONDS = 2.0
#: How many bytes of unfinished requests a worker keeps; beyond that, the largest is dropped.
MAX_UNFINISHED_BYTES = 64 * 1024 * 1024
#: How many seconds pass between two looks at the time limits.
_TICK_SECONDS = 0.5
#: After a connection, a worker accepts no other for so many seconds for each connection that it has, so that workers
#: that have fewer get more.
_PAUSE_SECONDS = 10e-6
_MAX_PAUSE_SECONDS = 1e-3
#: File descriptors for all but clients' connections.
_OTHER_FILES = 512


class WaitingWorker(Worker):
    """A worker whose threads are only for complete requests."""

    limits: Limits
    pool: ThreadPool
    _poller: selectors.BaseSelector

    def __init__(self, *arguments: Any) -> None:
        """Prepare for the fork that follows at once."""
        forking.hold_signals()
        super().__init__(*arguments)
        self._connections: set[Connection] = set()
        self._parked: set[Arrived] = set()
        self._ready: deque[Connection] = deque()
        self._accepts = False
        self._ticked = 0.0
        self._pauses_until = 0.0

    @classmethod
    def check_config(cls, config: Config, _log: Logger) -> None:
        """Raise ``RuntimeError``, which gunicorn prints, for options that this class does not support."""
        if config.is_ssl:
            raise RuntimeError("this worker class does not speak TLS: put a proxy with TLS in front")

    def init_signals(self) -> None:
        """Handle signals, also one that came right after the fork."""
        super().init_signals()
        forking.release_signals()

    def run(self) -> None:
        """Serve until a signal ends it."""
        self.limits = Limits.of(self.wsgi)
        self.pool = ThreadPool(self.limits.threads)
        self._poller = selectors.DefaultSelector()
        _allow_files(self.limits.connections + _OTHER_FILES)
        self._poller.register(self.PIPE[0], selectors.EVENT_READ, self._woken)
        for listener in self.sockets:
            listener.setblocking(False)
        while self.alive and self.ppid == os.getppid():
            pause = self._pauses_until - time.monotonic()
            self._accept_if(pause <= 0 and self._has_room())
            self._step(_TICK_SECONDS if pause <= 0 else pause)
        self._stop()

    def _step(self, seconds: float = _TICK_SECONDS) -> None:
        """Handle what has happened, or return after so many seconds."""
        for key, _ in self._poller.select(0 if self._ready else seconds):
            key.data()
        for _ in range(len(self._ready)):
            self._advance(self._ready.popleft())
        now = time.monotonic()
        if now - self._ticked >= _TICK_SECONDS:
            self._ticked = now
            self.notify()
            self._close_late(now)
            if metrics := getattr(self.wsgi, "extensions", {}).get("deltacloud_images.metrics"):
                metrics.sample()

    def _woken(self) -> None:
        with suppress(BlockingIOError):
            os.read(self.PIPE[0], 4096)

    def _wake(self) -> None:
        with suppress(BlockingIOError):  # full, so that it will wake anyway
            os.write(self.PIPE[1], b".")

    # Connections come

    def _has_room(self) -> bool:
        """Return whether a new connection can be served; if not, it is left to another worker."""
        return not self.pool.full and (len(self._connections) < self.limits.connections or self._drop_idle())

    def _drop_idle(self) -> bool:
        """Close the connection that has been idle for longest; return whether there was one."""
        idle = [each for each in self._waiting() if each.is_idle]
        if idle:
            self._close(min(idle, key=lambda each: each.since))
        return bool(idle)

    def _accept_if(self, accepts: bool) -> None:
        if accepts != self._accepts:
            self._accepts = accepts
            for listener in self.sockets:
                if accepts:
                    self._poller.register(listener, selectors.EVENT_READ, partial(self._accept, listener))
                else:
                    self._poller.unregister(listener)

    def _accept(self, listener: Any, at_most: int = 1) -> None:
        for _ in range(at_most):
            try:
                client, address = listener.accept()
            except OSError:  # another worker was faster, or the client has gone
                return
            connection = Connection(client, address, listener.getsockname(), self.limits)
            self._connections.add(connection)
            self._watch(connection)
        self._pauses_until = time.monotonic() + min(len(self._connections) * _PAUSE_SECONDS, _MAX_PAUSE_SECONDS)

    # Requests arrive

    def _watch(self, connection: Connection) -> None:
        connection.watched = True
        self._poller.register(connection.socket, selectors.EVENT_READ, partial(self._readable, connection))

    def _readable(self, connection: Connection) -> None:
        if not connection.read():
            self._close(connection)
        elif not connection.lingers:
            self._advance(connection)

    def _advance(self, connection: Connection) -> None:
        """Give a thread the request if all of it has arrived."""
        try:
            request = connection.next_request(self.cfg)
        except Exception as error:  # noqa: BLE001 (gunicorn turns each into a response)
            self.handle_error(None, connection.socket, connection.address, error)
            self._linger(connection)
            return
        if request is not None:
            self._unwatch(connection)
            self._submit(Arrived(connection, request, self._submit))
        elif not connection.watched:
            self._watch(connection)

    # Threads serve

    def _submit(self, arrived: Arrived) -> None:
        self._parked.discard(arrived)
        self.pool.submit(partial(self._serve, arrived))

    def _serve(self, arrived: Arrived) -> None:
        connection = arrived.connection
        try:
            self._release(connection, respond(self, arrived))
        except Parked:
            self._parked.add(arrived)
            arrived.ticket.park()
        except Exception:  # a bug, after which the thread has to go on
            self.log.exception("A response failed")
            self._close(connection)
        if not self._accepts:
            self._wake()

    def _release(self, connection: Connection, reusable: bool) -> None:
        """Give the connection back to the event loop, or close it."""
        if connection.resets:
            self._close(connection)
        elif not reusable:
            self._linger(connection)
        elif connection.renew():
            self._ready.append(connection)
            self._wake()
        else:
            self._watch(connection)

    # Connections end

    def _linger(self, connection: Connection) -> None:
        """Close a connection such that the client can read what was sent before."""
        try:
            connection.linger()
            if not connection.watched:
                self._watch(connection)
        except OSError:
            self._close(connection)

    def _close(self, connection: Connection) -> None:
        self._unwatch(connection)
        self._connections.discard(connection)
        connection.close()

    def _unwatch(self, connection: Connection) -> None:
        if connection.watched:
            connection.watched = False
            with suppress(KeyError, ValueError):  # a thread is about to register it
                self._poller.unregister(connection.socket)

    def _waiting(self) -> list[Connection]:
        """Return the connections that no thread has."""
        return [each for each in tuple(self._connections) if each.watched]

    def _close_late(self, now: float) -> None:
        waiting = self._waiting()
        for each in waiting:
            if each.until < now:
                self._close(each)
        for parked in tuple(self._parked):
            parked.ticket.resume_late(now)
        if sum(each.size for each in waiting) > MAX_UNFINISHED_BYTES:
            self._close(max(waiting, key=lambda each: each.size))

    def _stop(self) -> None:
        """Serve what has arrived, wait for responses within the grace time, and reset the rest."""
        if health := getattr(self.wsgi, "extensions", {}).get("deltacloud_images.health"):
            health.stops = True
        for listener in self.sockets:
            self._accept(listener, at_most=self.limits.connections)
        self._accept_if(False)
        for listener in self.sockets:
            listener.close()
        now = time.monotonic()
        end = now + self.cfg.graceful_timeout - _MARGIN_SECONDS
        while self._connections and time.monotonic() < end:
            for parked in tuple(self._parked):
                parked.ticket.end_wait()
            for each in self._waiting():
                each.until = min(each.until, now + (STOP_IDLE_SECONDS if each.is_idle else STOP_READ_SECONDS))
            self._step()
        for each in tuple(self._connections):
            each.reset_on_close()


def _allow_files(wanted: int) -> None:
    """Raise the limit of open files of this process as far as it is needed and allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    allowed = wanted if hard == unlimited else min(wanted, hard)
    if soft != unlimited and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
