"""What one request asks of its cloud: the calls with their seconds, and how they failed."""

from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import TypeVar

from deltacloud_images.errors import ProviderTimeout

Response = TypeVar("Response")


class Tally:
    """The calls of one request. Safe under threads."""

    __slots__ = ("_lock", "hits", "misses", "retries", "seconds", "throttled", "timeouts")

    def __init__(self) -> None:
        """Count from zero."""
        self._lock = Lock()
        #: How long each call took, in seconds.
        self.seconds: list[float] = []
        #: Calls that repeated another, that the time limit ended, and that the cloud refused as too many.
        self.retries = self.timeouts = self.throttled = 0
        #: Values that were kept from an earlier call, and values that had to be fetched.
        self.hits = self.misses = 0

    def time(self, send: Callable[[], Response], *, again: bool) -> Response:
        """Send a request to the cloud, count it and return its response; ``again`` says that it was sent before."""
        started = monotonic()
        timed_out = False
        try:
            return send()
        except ProviderTimeout:
            timed_out = True
            raise
        finally:
            with self._lock:
                self.seconds.append(monotonic() - started)
                self.retries += again
                self.timeouts += timed_out

    def throttle(self) -> None:
        """Count a call that the cloud refused as one too many."""
        with self._lock:
            self.throttled += 1

    def look_up(self, *, hit: bool) -> None:
        """Count the use of a kept value, or that there was none."""
        with self._lock:
            self.hits += hit
            self.misses += not hit
