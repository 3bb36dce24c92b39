"""Sessions on vCenters, kept between requests: one a caller and provider, bounded in number and age."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock, Timer

from deltacloud_vsphere.soap import time_left

_GATES = 64


@dataclass(slots=True, eq=False)
class Login:
    """A session on a vCenter and the ids of what every session needs there. Many requests share it at a time.

    ``views`` maps kinds of objects to the id of the session's container view of them; ``lock`` guards it.
    """

    provider: str
    cookie: str = field(repr=False)
    version: str
    root: tuple[str, str]
    property_collector: str
    view_manager: str
    task_manager: str
    session_manager: str
    views: dict[str, str] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock, repr=False)
    opened_at: float = field(default_factory=time.monotonic)
    used_at: float = field(default_factory=time.monotonic)
    borrowed: int = 0
    pooled: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """How many sessions are kept, how long they may idle, and how old they may become."""

    number: int
    idle_seconds: float
    max_seconds: float


class LoginPool:
    """Lends logins by key. Those that it drops are logged out when nobody uses them any more."""

    def __init__(self, limits: Limits, log_out: Callable[[Login], None]) -> None:
        """``log_out`` ends a session and raises nothing."""
        self._limits = limits
        self._log_out = log_out
        self._lock = Lock()
        self._gates = [Lock() for _ in range(_GATES)]
        self._logins: OrderedDict[bytes, Login] = OrderedDict()
        self._timer: Timer | None = None

    def borrow(self, key: bytes, log_in: Callable[[], Login], deadline: float) -> Login:
        """The key's login, made if there is none, by one thread at a time. Give it back."""
        gate = self._gates[hash(key) % _GATES]
        if not gate.acquire(timeout=time_left(deadline)):
            raise TimeoutError("the vCenter did not answer another login of the same caller in time")
        try:
            return self._take(key) or self._add(key, log_in())
        finally:
            gate.release()

    def give_back(self, login: Login) -> None:
        """Called once for each ``borrow``."""
        with self._lock:
            login.borrowed -= 1
            login.used_at = time.monotonic()
            over = not login.pooled and not login.borrowed
        if over:
            self._log_out(login)

    def drop(self, login: Login) -> None:
        """Lend it no more: its session has ended."""
        with self._lock:
            self._remove([key for key, each in self._logins.items() if each is login])

    def close(self) -> None:
        """Log out everywhere."""
        with self._lock:
            over = self._remove(list(self._logins))
            if self._timer:
                self._timer.cancel()
        for login in over:
            self._log_out(login)

    def _take(self, key: bytes) -> Login | None:
        with self._lock:
            login = self._logins.get(key)
            if login and not self._is_over(login):
                login.borrowed += 1
                self._logins.move_to_end(key)
                return login
            over = self._remove([key]) if login else []
        for each in over:
            self._log_out(each)
        return None

    def _add(self, key: bytes, login: Login) -> Login:
        with self._lock:
            login.borrowed = 1
            self._logins[key] = login
            excess = len(self._logins) - self._limits.number
            over = self._remove(list(self._logins)[:excess]) if excess > 0 else []
            self._watch()
        for each in over:
            self._log_out(each)
        return login

    def _is_over(self, login: Login) -> bool:
        now = time.monotonic()
        idle = not login.borrowed and now - login.used_at > self._limits.idle_seconds
        return idle or now - login.opened_at > self._limits.max_seconds

    def _remove(self, keys: list[bytes]) -> list[Login]:
        """Take these out; returns those that nobody uses. The caller holds the lock."""
        removed = [self._logins.pop(key) for key in keys]
        for login in removed:
            login.pooled = False
        return [login for login in removed if not login.borrowed]

    def _watch(self) -> None:
        """See to idle sessions even if no request comes any more. The caller holds the lock."""
        if self._timer is None and self._logins:
            self._timer = Timer(self._limits.idle_seconds, self._expire)
            self._timer.daemon = True
            self._timer.start()

    def _expire(self) -> None:
        with self._lock:
            self._timer = None
            over = self._remove([key for key, login in self._logins.items() if self._is_over(login)])
            self._watch()
        for login in over:
            self._log_out(login)
