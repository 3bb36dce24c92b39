"""The accounts that are logged in at the moment, with their tokens: few, not for long, and none after a fork."""

import hashlib
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from keystoneauth1.session import Session

from deltacloud_images.driver import Credentials
from deltacloud_openstack.account import Account
from deltacloud_openstack.config import ProviderSettings
from deltacloud_openstack.identity import Login
from deltacloud_openstack.transport import keystone_session

SIZE = 256
LIFE_SECONDS = 3600.0


class Pool:
    """Accounts by provider and credentials, the latter as a hash only. Safe under threads."""

    def __init__(self, login: Callable[[ProviderSettings, Credentials], Login]) -> None:
        """``login`` makes the plug-in that gets an account's tokens."""
        self._login = login
        self._lock = Lock()
        self._salt = os.urandom(16)
        self._empty()

    def account(self, provider: str, cloud: ProviderSettings, credentials: Credentials) -> Account:
        """The account of these credentials; not logged in yet if it is new. The least used one makes room."""
        key = (provider, self._hash(credentials))
        with self._lock:
            if self._process != os.getpid():
                self._empty()
            made, account = self._accounts.pop(key, (0.0, None))
            if account is None or made < time.monotonic() - LIFE_SECONDS:
                made = time.monotonic()
                account = Account(self._session(provider, cloud), self._login(cloud, credentials), cloud)
            self._accounts[key] = made, account
            if len(self._accounts) > SIZE:
                self._accounts.popitem(last=False)
            return account

    def _empty(self) -> None:
        """Connections of the process that forked this one are not ours."""
        self._process = os.getpid()
        self._sessions: dict[str, Session] = {}
        self._accounts: OrderedDict[tuple[str, bytes], tuple[float, Account]] = OrderedDict()

    def _session(self, provider: str, cloud: ProviderSettings) -> Session:
        if provider not in self._sessions:
            self._sessions[provider] = keystone_session(cloud)
        return self._sessions[provider]

    def _hash(self, credentials: Credentials) -> bytes:
        """Of both parts; their lengths keep ``a`` + ``bc`` and ``ab`` + ``c`` apart."""
        user, password = credentials.user.encode(), credentials.password.encode()
        return hashlib.blake2b(b"%d:%b%b" % (len(user), user, password), key=self._salt).digest()
