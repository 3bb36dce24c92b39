"""The configured vCenters, and how callers log in to them, share a login and log out."""

import contextlib
import hashlib
import re
import time
from typing import Any

from pyVmomi import vim, vmodl
from urllib3.exceptions import HTTPError

from deltacloud_images.driver import Credentials
from deltacloud_images.errors import AuthenticationFailure, ProviderError
from deltacloud_vsphere.config import ProviderSettings, VsphereSettings
from deltacloud_vsphere.pool import Limits, Login, LoginPool
from deltacloud_vsphere.soap import API_6_7, BadAnswer, Stub, Transport, UnexpectedStatus

_LOGOUT_SECONDS = 5.0
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def is_sendable(text: str) -> bool:
    """Whether XML, and so the vCenter, can hold it."""
    return _NOT_XML.search(text) is None


class Place:
    """A configured vCenter: how to reach it and which part of its inventory is served."""

    def __init__(self, name: str, settings: ProviderSettings, timeout_seconds: float) -> None:
        """Connects when it is first used."""
        self.name = name
        self.transport = Transport(settings, timeout_seconds)
        self.datacenter = settings.datacenter

    def log_in(self, credentials: Credentials, deadline: float) -> Login:
        """A new session; raises pyvmomi's ``InvalidLogin``, or ``ProviderError`` without the datacenter."""
        if not is_sendable(credentials.user + credentials.password):
            raise AuthenticationFailure("vSphere users and passwords hold no control characters.")
        stub = Stub(self.transport, deadline)
        content = vim.ServiceInstance("ServiceInstance", stub).RetrieveContent()
        if _is_6_7(content.about.apiVersion):
            stub.ComputeVersionInfo(API_6_7)
        content.sessionManager.Login(credentials.user, credentials.password)
        login = Login(
            provider=self.name,
            cookie=stub.cookie,
            version=stub.version,
            root=_reference(content.rootFolder),
            property_collector=content.propertyCollector._GetMoId(),
            view_manager=content.viewManager._GetMoId(),
            task_manager=content.taskManager._GetMoId(),
            session_manager=content.sessionManager._GetMoId(),
        )
        if self.datacenter:
            try:
                login.root = self._datacenter(content)
            except Exception:
                self.log_out(login)
                raise
        return login

    def _datacenter(self, content: Any) -> tuple[str, str]:
        found = content.searchIndex.FindByInventoryPath(self.datacenter)
        if not isinstance(found, vim.Datacenter):
            raise ProviderError(f"Provider '{self.name}' has no datacenter '{self.datacenter}', or not for this user.")
        return _reference(found)

    def log_out(self, login: Login) -> None:
        """End a session, if the vCenter still has it and answers."""
        stub = Stub(self.transport, time.monotonic() + _LOGOUT_SECONDS, login.version, login.cookie)
        with contextlib.suppress(HTTPError, OSError, vmodl.MethodFault, BadAnswer, UnexpectedStatus):
            vim.SessionManager(login.session_manager, stub).Logout()


def _is_6_7(api_version: str) -> bool:
    major, _, rest = api_version.partition(".")
    minor = rest.partition(".")[0]
    return (int(major), int(minor or 0)) >= (6, 7)


def _reference(managed: Any) -> tuple[str, str]:
    return type(managed)._wsdlName, managed._GetMoId()


class Lease:
    """A login of the pool while one session uses it."""

    def __init__(self, pool: LoginPool, place: Place, credentials: Credentials) -> None:
        """Logs in when it is first needed."""
        self.place = place
        self._pool = pool
        self._credentials = credentials
        self._login: Login | None = None
        secret = f"{len(credentials.user)}:{credentials.user}{credentials.password}".encode("utf-8", "surrogatepass")
        self._key = hashlib.sha256(f"{place.name}\0".encode() + secret).digest()

    def login(self, deadline: float) -> Login:
        """The login, made if there is none."""
        if self._login is None:
            self._login = self._pool.borrow(self._key, lambda: self.place.log_in(self._credentials, deadline), deadline)
        return self._login

    def renew(self, deadline: float) -> Login:
        """Another login in place of one whose session has ended."""
        if self._login:
            self._pool.drop(self._login)
        self.close()
        return self.login(deadline)

    def close(self) -> None:
        """Give it back."""
        login, self._login = self._login, None
        if login:
            self._pool.give_back(login)


class Places:
    """All configured vCenters, and the pool of logins on them."""

    def __init__(self, settings: VsphereSettings, timeout_seconds: float) -> None:
        """Connects to none yet."""
        self._places = {name: Place(name, provider, timeout_seconds) for name, provider in settings.providers.items()}
        limits = Limits(settings.max_sessions, settings.session_idle_seconds, settings.session_max_seconds)
        self._pool = LoginPool(limits, lambda login: self._places[login.provider].log_out(login))

    def lease(self, name: str, credentials: Credentials) -> Lease:
        """A login on one of them, for one session."""
        return Lease(self._pool, self._places[name], credentials)

    def close(self) -> None:
        """Log out everywhere."""
        self._pool.close()
        for place in self._places.values():
            place.transport.close()
