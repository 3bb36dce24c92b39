"""What is expensive to open for a caller and outlives a request: logins, sessions and clients of a cloud."""

import logging
import os
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from hashlib import blake2b
from secrets import token_bytes
from threading import Lock, Timer
from typing import Any, Generic, TypeVar

from deltacloud_images.errors import ProviderTimeout
from deltacloud_images.kit import threads
from deltacloud_images.kit.deadline import Deadline, current, in_force

Item = TypeVar("Item")

#: How long one item may take to be closed, and all items when the process ends, in seconds.
CLOSE_SECONDS = 5.0

log = logging.getLogger(__name__)


def _nothing(_: object) -> None:
    pass


@dataclass(slots=True, eq=False)
class _Entry(Generic[Item]):
    item: Item
    key: bytes
    opened: float = field(default_factory=time.monotonic)
    used: float = field(default_factory=time.monotonic)
    borrowers: int = 0
    pooled: bool = True


class Pool(Generic[Item]):
    """Items by their caller, bounded in number and age. Safe under threads; a forked process starts with none.

    Only a keyed hash of a caller's credentials is kept. An item is opened outside of the pool's lock, once for all
    requests of the same caller that arrive meanwhile, and enters the pool only when it is open: what the cloud refuses
    replaces nobody's item. An item that leaves the pool is closed when its last borrower has given it back.
    """

    def __init__(
        self,
        *,
        size: int,
        seconds: float,
        idle_seconds: float | None = None,
        close: Callable[[Item], None] = _nothing,
    ) -> None:
        """Make an empty pool.

        ``size`` is how many items are kept, the least recently used ones replaced first; ``seconds`` how old they may
        become, and ``idle_seconds`` how long they may be unused. ``close`` ends one, by a log-out for example, in a
        thread of its own, within ``CLOSE_SECONDS``; what it raises is logged.
        """
        self._size = size
        self._seconds = seconds
        self._idle_seconds = seconds if idle_seconds is None else idle_seconds
        self._close = close
        self._secret = token_bytes(32)
        self.forget()
        _pools.add(self)

    def lease(self, caller: Iterable[str], open: Callable[[], Item]) -> "Lease[Item]":  # noqa: A002 (what it does)
        """Return a lease on the caller's item; nothing is opened before it is used.

        ``caller`` identifies the caller: the provider, and all parts of the credentials. ``open`` opens an item
        and raises where the cloud does not accept the credentials; its error is also raised to the requests of the same
        caller that wait for it.
        """
        return Lease(self, self._hash(caller), open)

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self._entries)

    def close(self) -> None:
        """Close all items, side by side."""
        with self._lock:
            entries = self._remove(list(self._entries.values()))
            if self._timer:
                self._timer.cancel()
        wait([self._end(each) for each in entries], CLOSE_SECONDS)

    def forget(self) -> None:
        """Drop all items without closing them: after a fork they are the parent process's."""
        self._lock = Lock()
        self._entries: OrderedDict[bytes, _Entry[Item]] = OrderedDict()
        self._opening: dict[bytes, Future[None]] = {}
        self._timer: Timer | None = None

    def _borrow(self, key: bytes, open_item: Callable[[], Item]) -> _Entry[Item]:
        while True:
            with self._lock:
                if entry := self._take(key):
                    return entry
                opening = self._opening.get(key)
                if opening is None:
                    opened = self._opening[key] = Future()
                    break
            try:
                current().result(opening)
            except ProviderTimeout:
                current().check()  # the other request's time is over, but perhaps not this one's
        return self._open(key, open_item, opened)

    def _borrow_known(self, key: bytes) -> _Entry[Item] | None:
        with self._lock:
            return self._take(key)

    def _take(self, key: bytes) -> _Entry[Item] | None:
        """Borrow the caller's item, if it is in the pool and not too old. The lock is held."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if self._is_over(entry):
            for each in self._remove([entry]):
                self._end(each)
            return None
        entry.borrowers += 1
        self._entries.move_to_end(key)
        return entry

    def _open(self, key: bytes, open_item: Callable[[], Item], opened: "Future[None]") -> _Entry[Item]:
        try:
            entry = _Entry(open_item(), key, borrowers=1)
        except BaseException as error:
            with self._lock:
                self._opening.pop(key, None)
            opened.set_exception(error if isinstance(error, Exception) else ProviderTimeout())
            raise
        with self._lock:
            self._opening.pop(key, None)
            self._entries[key] = entry
            excess = list(self._entries.values())[: max(len(self._entries) - self._size, 0)]
            over = self._remove(excess)
            self._watch()
        opened.set_result(None)
        for each in over:
            self._end(each)
        return entry

    def _give_back(self, entry: _Entry[Item]) -> None:
        with self._lock:
            entry.borrowers -= 1
            entry.used = time.monotonic()
            over = not entry.pooled and not entry.borrowers
        if over:
            self._end(entry)

    def _discard(self, entry: _Entry[Item]) -> None:
        with self._lock:
            self._remove([entry])

    def _is_over(self, entry: _Entry[Item]) -> bool:
        now = time.monotonic()
        idle = not entry.borrowers and now - entry.used > self._idle_seconds
        return idle or now - entry.opened > self._seconds

    def _remove(self, entries: Iterable[_Entry[Item]]) -> list[_Entry[Item]]:
        """Take entries out; return those that nobody uses. The lock is held."""
        removed = [each for each in entries if each.pooled]
        for each in removed:
            each.pooled = False
            if self._entries.get(each.key) is each:
                del self._entries[each.key]
        return [each for each in removed if not each.borrowers]

    def _end(self, entry: _Entry[Item]) -> "Future[None]":
        return threads.start(self._close_item, entry.item)

    def _close_item(self, item: Item) -> None:
        with in_force(Deadline(CLOSE_SECONDS)):
            try:
                self._close(item)
            except Exception as error:  # noqa: BLE001 (whatever a cloud does, the item is gone)
                log.info("A login could not be ended: %s", error)

    def _watch(self) -> None:
        """Have idle items closed even if no request comes any more. The lock is held."""
        if self._timer is None and self._entries and self._close is not _nothing:
            self._timer = Timer(self._idle_seconds, self._expire)
            self._timer.daemon = True
            self._timer.start()

    def _expire(self) -> None:
        with self._lock:
            self._timer = None
            over = self._remove([each for each in self._entries.values() if self._is_over(each)])
            self._watch()
        for each in over:
            self._end(each)

    def _hash(self, caller: Iterable[str]) -> bytes:
        text = repr(tuple(caller)).encode("utf-8", "surrogatepass")
        return blake2b(text, key=self._secret).digest()


class Lease(Generic[Item]):
    """The use of a pooled item by one session, which one thread opens; give it back with ``close``."""

    def __init__(self, pool: Pool[Item], key: bytes, open_item: Callable[[], Item]) -> None:
        """Borrow nothing yet."""
        self._pool = pool
        self._key = key
        self._open = open_item
        self._entry: _Entry[Item] | None = None

    @property
    def item(self) -> Item:
        """The item, opened if the caller has none in the pool. Raises what opening it raises."""
        if self._entry is None:
            self._entry = self._pool._borrow(self._key, self._open)
        return self._entry.item

    @property
    def known(self) -> Item | None:
        """The item if the caller has one in the pool; ``None`` otherwise. Opens nothing."""
        if self._entry is None:
            self._entry = self._pool._borrow_known(self._key)
        return None if self._entry is None else self._entry.item

    def renew(self) -> Item:
        """Return another item in place of one that the cloud no longer accepts."""
        if self._entry is not None:
            self._pool._discard(self._entry)
            self.close()
        return self.item

    def close(self) -> None:
        """Give the item back."""
        entry, self._entry = self._entry, None
        if entry is not None:
            self._pool._give_back(entry)


_pools: "weakref.WeakSet[Pool[Any]]" = weakref.WeakSet()


def count_items() -> int:
    """Return the number of items in all pools of this process."""
    return sum(len(each) for each in list(_pools))


def _after_fork() -> None:
    for each in list(_pools):
        each.forget()


os.register_at_fork(after_in_child=_after_fork)
