"""Shares of a worker's threads, so that a cloud that hangs holds up only its own callers."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from threading import Lock

from deltacloud_images.errors import DEFAULT_RETRY_AFTER, ProviderTimeout
from deltacloud_images.kit.deadline import Cancelled, Deadline
from deltacloud_images.web.parking import WAIT_SECONDS, Blocked, Parked, Ticket, Waiter

#: The share of a worker's threads that is kept for requests that need no cloud: a tenth.
_RESERVED_DIVISOR = 10

#: A driver and a provider.
Cloud = tuple[str, str]


class _Share:
    __slots__ = ("taken", "waiters")

    def __init__(self) -> None:
        self.taken = 0
        self.waiters: deque[Waiter] = deque()

    def drop(self, waiter: Waiter) -> None:
        """Let the waiter wait no more, if it still does."""
        with suppress(ValueError):
            self.waiters.remove(waiter)


class Bulkheads:
    """The shares of all clouds in one worker. Safe under threads.

    A tenth of the threads is left to requests that need no cloud, however many clouds hang.
    """

    def __init__(self, threads: int, threads_per_cloud: int) -> None:
        """``threads`` is the number of the worker's threads, ``threads_per_cloud`` the greatest share."""
        self._max_threads = max(1, threads - max(1, threads // _RESERVED_DIVISOR))
        self._max_per_cloud = threads_per_cloud
        self._lock = Lock()
        self._taken = 0
        self._shares: dict[Cloud, _Share] = {}

    def enter(self, cloud: Cloud, deadline: Deadline, ticket: Ticket | None) -> Callable[[], None]:
        """Take a thread of the cloud's share for this request; return the function that gives it back.

        If there is none, a request with a ticket is parked (``Parked`` is raised, and the server will call again), and
        another one waits here. Raises ``ProviderTimeout`` with ``retry_after`` for a request that has waited for
        ``WAIT_SECONDS``, or until its deadline.
        """
        waiter = Blocked() if ticket is None else ticket
        while not self._take(cloud, waiter):
            if not isinstance(waiter, Blocked):
                raise Parked
            self._wait(cloud, waiter, deadline)
        return partial(self._leave, cloud)

    def counts(self) -> Mapping[Cloud, tuple[int, int]]:
        """Return, for each cloud in use, how many threads its requests have and how many requests wait for one."""
        with self._lock:
            return {cloud: (share.taken, len(share.waiters)) for cloud, share in self._shares.items()}

    def _take(self, cloud: Cloud, waiter: Waiter) -> bool:
        """Return whether there was a thread; if not, the waiter is resumed when there is one."""
        with self._lock:
            share = self._shares.setdefault(cloud, _Share())
            has_waited = waiter.until is not None
            if has_waited:
                share.drop(waiter)
            if (has_waited or not share.waiters) and self._has_room(share):
                share.taken += 1
                self._taken += 1
                return True
            now = time.monotonic()
            if waiter.until is None:
                waiter.until = now + WAIT_SECONDS
                share.waiters.append(waiter)
            elif now < waiter.until:
                share.waiters.appendleft(waiter)
            else:
                self._forget_unused(cloud)
                raise _refusal(cloud)
            return False

    def _has_room(self, share: _Share) -> bool:
        return share.taken < self._max_per_cloud and self._taken < self._max_threads

    def _wait(self, cloud: Cloud, waiter: Blocked, deadline: Deadline) -> None:
        try:
            waiter.wait(deadline)
        except ProviderTimeout as error:
            with self._lock:
                self._shares[cloud].drop(waiter)
            if isinstance(error, Cancelled):
                raise
            raise _refusal(cloud) from None

    def _leave(self, cloud: Cloud) -> None:
        with self._lock:
            share = self._shares[cloud]
            share.taken -= 1
            self._taken -= 1
            waiter = self._next_waiter(share)
            self._forget_unused(cloud)
        if waiter is not None:
            waiter.resume()

    def _forget_unused(self, cloud: Cloud) -> None:
        share = self._shares[cloud]
        if not share.taken and not share.waiters:
            del self._shares[cloud]

    def _next_waiter(self, left: _Share) -> Waiter | None:
        """Remove and return the request to resume, of the share that was left if possible."""
        now = time.monotonic()
        for share in (left, *self._shares.values()):
            while share.waiters and self._has_room(share):
                waiter = share.waiters.popleft()
                if waiter.until is None or waiter.until > now:  # who is late is resumed by the server
                    return waiter
        return None


def _refusal(cloud: Cloud) -> ProviderTimeout:
    driver, provider = cloud
    return ProviderTimeout(
        f"Too many requests wait for driver '{driver}', provider '{provider or 'default'}'; try again later.",
        retry_after=DEFAULT_RETRY_AFTER,
    )
