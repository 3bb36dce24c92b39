"""Keeps what lasts longer than a request, for the users seen last: their clients and the sizes they may use."""

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from secrets import token_bytes
from threading import Lock
from typing import TYPE_CHECKING

from deltacloud_images.models import HardwareProfile

if TYPE_CHECKING:
    from deltacloud_fgcp.client import Client

_MAXIMUM = 256
_SECONDS = 600.0


@dataclass(slots=True)
class Account:
    """A user at one endpoint. What FGCP told once serves until the account leaves the pool."""

    client: "Client"
    profiles: Sequence[HardwareProfile] | None = None
    contract: str | None = None


class Pool:
    """At most 256 accounts, none kept longer than ten minutes. Threads may share it; a forked process starts anew."""

    def __init__(self) -> None:
        """Empty."""
        self._key = token_bytes(32)
        self._lock = Lock()
        self._process = os.getpid()
        self._accounts: OrderedDict[bytes, tuple[float, Account]] = OrderedDict()

    def account(self, secrets: Sequence[str], make: Callable[[], "Client"]) -> Account:
        """The account under these texts, of which only a keyed hash is kept; with ``make``'s client where it is new."""
        key = blake2b(repr(tuple(secrets)).encode(), key=self._key).digest()
        now = time.monotonic()
        with self._lock:
            self._drop_old(now)
            if key in self._accounts:
                self._accounts.move_to_end(key)
                return self._accounts[key][1]
        account = Account(make())
        with self._lock:
            account = self._accounts.setdefault(key, (now, account))[1]
            if len(self._accounts) > _MAXIMUM:
                self._accounts.popitem(last=False)
        return account

    def clear(self) -> None:
        """Forget all accounts."""
        with self._lock:
            self._accounts.clear()

    def _drop_old(self, now: float) -> None:
        if self._process != os.getpid():
            self._process = os.getpid()
            self._accounts.clear()
        for key in [key for key, (since, _) in self._accounts.items() if now - since > _SECONDS]:
            del self._accounts[key]
