"""Requests that wait for a thread of their cloud's share, without holding a thread meanwhile."""

import time
from collections.abc import Callable
from threading import Event, Lock
from typing import Protocol

from deltacloud_images.kit.deadline import Deadline

#: How many seconds a request waits at most for a thread of its cloud's share.
WAIT_SECONDS = 5.0
#: The key of a request's ``Ticket`` in its WSGI environment, where the server can park requests.
TICKET = "deltacloud_images.ticket"


class Parked(BaseException):
    """The request was parked: its thread is free, and the server calls the application again when it is resumed.

    Not an ``Exception``, because nothing has failed: no error handler may turn it into a response.
    """


class Waiter(Protocol):
    """What waits for a thread."""

    #: Until when it waits, by the monotonic clock; ``None`` before it waits for the first time.
    until: float | None

    def resume(self) -> None:
        """Let it try again; called once at most for each time that it waits."""
        ...


class Ticket:
    """A request's claim to be resumed, which the server makes when the request has arrived. Safe under threads."""

    __slots__ = (
        "_lock",
        "_parked",
        "_resumed",
        "_submit",
        "deadline",
        "has_place",
        "looks",
        "paused_until",
        "until",
        "waits_until",
    )

    def __init__(self, submit: Callable[[], None]) -> None:
        """``submit`` has a thread serve the request from its beginning."""
        self._submit = submit
        self._lock = Lock()
        self._parked = self._resumed = False
        #: The deadline that the request got when it was first served.
        self.deadline: Deadline | None = None
        self.until: float | None = None
        #: Until when the request pauses before it looks at the cloud again, and until when it waits for a change.
        self.paused_until: float | None = None
        self.waits_until = 0.0
        #: Whether it has a place for waiting, and how often it has looked.
        self.has_place = False
        self.looks = 0

    def begin_wait(self, until: float) -> float:
        """Return until when the request waits for a change: as it said when it was first served."""
        if not self.looks:
            self.waits_until = until
        return self.waits_until

    def pause(self, seconds: float) -> None:
        """Note that the request, which is parked next, is to be served again after so many seconds, like a new one."""
        self.looks += 1
        self.paused_until = time.monotonic() + seconds
        self.deadline = self.until = None

    def end_wait(self) -> None:
        """Have a request that waits for a change respond with the present state."""
        if self.looks:
            self.waits_until = self.paused_until = 0.0

    def park(self) -> None:
        """Note that the thread is free; a request that was resumed before that is served again at once."""
        with self._lock:
            self._parked, resumed, self._resumed = not self._resumed, self._resumed, False
        if resumed:
            self._submit()

    def resume(self) -> None:
        """Have the request served again, if it is parked or about to be."""
        with self._lock:
            parked, self._parked = self._parked, False
            self._resumed = not parked
        if parked:
            self._submit()

    def resume_late(self, now: float) -> None:
        """Have the request served again if its pause is over, or if it has waited too long, so that it can say so."""
        until = self.until if self.paused_until is None else self.paused_until
        if self._parked and until is not None and now >= until:
            self.paused_until = None
            self.resume()


class Blocked:
    """A request that waits in its thread, where the server cannot park it."""

    def __init__(self) -> None:
        """Start to wait."""
        self._event = Event()
        self.until: float | None = None

    def resume(self) -> None:
        """Let it try again."""
        self._event.set()

    def wait(self, deadline: Deadline) -> None:
        """Wait until it is resumed or has waited for too long; raise ``ProviderTimeout`` when the deadline is over."""
        until = self.until or 0.0
        while not self._event.is_set() and (left := until - time.monotonic()) > 0:
            self._event.wait(min(left, deadline.slice()))
        self._event.clear()
