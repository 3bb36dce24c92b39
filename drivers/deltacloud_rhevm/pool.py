"""The accounts that were used last, so that they need not log in again: bounded in number and age."""

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from secrets import token_bytes
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deltacloud_rhevm.account import Account

_MAXIMUM = 64
_SECONDS = 1800.0


class Pool:
    """At most 64 accounts, none kept longer than half an hour. Threads may share it; a forked process starts anew."""

    def __init__(self) -> None:
        """Empty."""
        self._key = token_bytes(32)
        self._lock = Lock()
        self._process = os.getpid()
        self._accounts: OrderedDict[bytes, tuple[float, Account]] = OrderedDict()

    def account(self, secrets: Sequence[str], make: Callable[[], "Account"]) -> "Account":
        """The account under these texts, of which only a keyed hash is kept; ``make``'s where it is new."""
        key = blake2b(repr(tuple(secrets)).encode(), key=self._key).digest()
        now = time.monotonic()
        with self._lock:
            self._forget_after_fork()
            since, account = self._accounts.pop(key, (now, None))
            if account is None or now - since > _SECONDS:
                since, account = now, make()
            self._accounts[key] = since, account
            if len(self._accounts) > _MAXIMUM:
                self._accounts.popitem(last=False)
            return account

    def close(self) -> None:
        """Log all accounts out."""
        with self._lock:
            self._forget_after_fork()
            accounts = [account for _, account in self._accounts.values()]
            self._accounts.clear()
        for account in accounts:
            account.log_out()

    def _forget_after_fork(self) -> None:
        """A child must neither use its parent's connections nor end its logins."""
        if self._process != os.getpid():
            self._process = os.getpid()
            self._accounts = OrderedDict()
