"""The time limit of one request, and every way to wait within it."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from threading import Lock
from typing import TypeVar

from deltacloud_images.errors import ProviderTimeout
from deltacloud_images.kit.tally import Tally

Result = TypeVar("Result")

#: The longest single wait in seconds; after each, a cancelled request is noticed.
SLICE_SECONDS = 0.5


class Cancelled(ProviderTimeout):
    """The request was given up, because its client has disconnected."""


class Deadline:
    """The time limit of one request, shared by everything that the request does. Safe under threads.

    Until the first byte of the response is sent, the limit is the request's as a whole. From then on (``stream``) each
    page of a list has the limit anew, within the limit of the whole list.
    """

    def __init__(
        self, seconds: float, list_seconds: float = 600.0, *, abandoned: Callable[[], bool] | None = None
    ) -> None:
        """Start the time limit now.

        ``seconds`` is the limit of the request, and of each page of a list that streams; ``list_seconds`` is that of a
        whole list that streams. ``abandoned`` tells whether the client has disconnected; it is asked before each
        request to the cloud and twice a second during a wait.
        """
        self.seconds = seconds
        #: What the request asks of its cloud.
        self.tally = Tally()
        self._list_seconds = max(list_seconds, seconds)
        self._started = self._looked = time.monotonic()
        self._until = self._started + seconds
        self._streams = False
        self._cancelled = False
        self._abandoned = abandoned

    def left(self) -> float:
        """Return the seconds left, more than 0; raise ``ProviderTimeout`` if there are none."""
        if self._cancelled:
            raise Cancelled("The request was given up, because its client has disconnected.")
        left = self._until - time.monotonic()
        if left <= 0:
            raise ProviderTimeout(f"The cloud did not respond within the limit of {self._limit:g} seconds.")
        return left

    def check(self) -> None:
        """Raise ``ProviderTimeout`` if the time is over or the client has disconnected."""
        self._look(time.monotonic())
        self.left()

    def slice(self) -> float:
        """Return how many seconds the next single wait may last; raise ``ProviderTimeout`` as ``left`` does."""
        now = time.monotonic()
        if now - self._looked >= SLICE_SECONDS:
            self._look(now)
        return min(self.left(), SLICE_SECONDS)

    def part(self, seconds: float) -> "Deadline":
        """Return a deadline for a part of the request: at most so many seconds, and cancelled with the request."""
        part = Deadline(min(seconds, self.left()), abandoned=self._is_cancelled)
        part.tally = self.tally
        return part

    def cancel(self) -> None:
        """End every wait within half a second, with ``Cancelled``."""
        self._cancelled = True

    def stream(self) -> None:
        """Note that the first byte of a list was sent: from now on the limit holds for each page."""
        self._streams = True
        self.next_page()

    def next_page(self) -> None:
        """Start the limit anew for another page of a list that streams; nothing changes for other responses."""
        if self._streams:
            self._until = min(time.monotonic() + self.seconds, self._started + self._list_seconds)

    def sleep(self, seconds: float) -> None:
        """Sleep; raise ``ProviderTimeout`` when the time is over before that."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, self.slice()))

    def acquire(self, lock: Lock) -> None:
        """Acquire a lock; raise ``ProviderTimeout`` when the time is over before that."""
        while not lock.acquire(timeout=self.slice()):
            pass

    def result(self, future: "Future[Result]") -> Result:
        """Return a future's result or raise its error; raise ``ProviderTimeout`` when the time is over before that."""
        while not future.done():
            seconds = self.slice()
            try:
                future.exception(seconds)
            except TimeoutError:
                continue
        return future.result()

    @property
    def _limit(self) -> float:
        whole = self._streams and self._until >= self._started + self._list_seconds
        return self._list_seconds if whole else self.seconds

    def _is_cancelled(self) -> bool:
        self._look(time.monotonic())
        return self._cancelled

    def _look(self, now: float) -> None:
        self._looked = now
        if self._abandoned is not None and not self._cancelled and self._abandoned():
            self.cancel()


_current: ContextVar[Deadline] = ContextVar("deadline")


def current() -> Deadline:
    """Return the deadline in force; raise ``RuntimeError`` where none is."""
    try:
        return _current.get()
    except LookupError:
        raise RuntimeError("No deadline is in force: use `with in_force(deadline):`.") from None


def current_tally() -> Tally | None:
    """Return the tally of the request that is being served, if there is one."""
    deadline = _current.get(None)
    return None if deadline is None else deadline.tally


def put_in_force(deadline: Deadline) -> Token[Deadline]:
    """Have ``current`` return the deadline; give the token to ``restore`` afterwards."""
    return _current.set(deadline)


def restore(token: Token[Deadline]) -> None:
    """Have ``current`` return the deadline that was in force before, unless another thread put this one in force."""
    with suppress(ValueError):
        _current.reset(token)


@contextmanager
def in_force(deadline: Deadline) -> Iterator[None]:
    """A context in which ``current`` returns the deadline, so that it reaches the sockets below any SDK."""
    token = put_in_force(deadline)
    try:
        yield
    finally:
        restore(token)
