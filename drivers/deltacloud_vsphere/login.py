"""Logging in to a vCenter and out, and the login that is pooled."""

import contextlib
from dataclasses import dataclass, field
from typing import Any

from pyVmomi import vim, vmodl

from deltacloud_images.driver import Credentials
from deltacloud_images.errors import AuthenticationFailure, DeltacloudError, ProviderError
from deltacloud_images.kit.transport import Transport
from deltacloud_images.kit.values import converted_one
from deltacloud_vsphere.config import ProviderSettings
from deltacloud_vsphere.soap import API_6_7, Stub, is_sendable


@dataclass(frozen=True, slots=True)
class Services:
    """The ids of a vCenter's objects that every session needs."""

    root: str
    property_collector: str
    view_manager: str
    task_manager: str
    session_manager: str


@dataclass(frozen=True, slots=True, eq=False)
class Login:
    """A session on a vCenter. Several requests of one caller share it at a time.

    ``root`` is the kind and id of the object below which everything that is served lies. ``views`` maps kinds of
    objects to the id of the session's container view of them.
    """

    transport: Transport
    url: str
    cookie: str = field(repr=False)
    version: str
    services: Services
    root: tuple[str, str]
    views: dict[str, str] = field(default_factory=dict)

    @property
    def has_creation(self) -> bool:
        """Return whether this vCenter has the time at which a virtual machine was created."""
        return self.version == str(API_6_7)

    def stub(self) -> Stub:
        """Return a stub that sends the calls of pyvmomi's objects within this session."""
        return Stub(self.transport, self.url, self.version, self.cookie)

    def log_out(self) -> None:
        """End the session. Raises pyvmomi's faults and ``ProviderError``."""
        vim.SessionManager(self.services.session_manager, self.stub()).Logout()


def log_in(transport: Transport, settings: ProviderSettings, credentials: Credentials) -> Login:
    """Return a new session; raise pyvmomi's ``InvalidLogin``, or ``ProviderError`` if there is no such datacenter."""
    if not is_sendable(credentials.user + credentials.password):
        raise AuthenticationFailure("vSphere users and passwords hold no control characters.")
    stub = Stub(transport, settings.url)
    content = vim.ServiceInstance("ServiceInstance", stub).RetrieveContent()
    services = converted_one(content, _services, "list of services")
    if _is_6_7(content.about):
        stub.ComputeVersionInfo(API_6_7)
    content.sessionManager.Login(credentials.user, credentials.password)
    login = Login(transport, settings.url, stub.cookie, stub.version, services, ("Folder", services.root))
    if not settings.datacenter:
        return login
    try:
        root = ("Datacenter", _datacenter(content, settings.datacenter))
    except Exception:
        with contextlib.suppress(DeltacloudError, vmodl.MethodFault):
            login.log_out()
        raise
    return Login(transport, settings.url, stub.cookie, stub.version, services, root)


def _services(content: Any) -> Services:
    """Return the ids; raise ``AttributeError`` where one is missing."""
    return Services(
        root=content.rootFolder._GetMoId(),
        property_collector=content.propertyCollector._GetMoId(),
        view_manager=content.viewManager._GetMoId(),
        task_manager=content.taskManager._GetMoId(),
        session_manager=content.sessionManager._GetMoId(),
    )


def _datacenter(content: Any, inventory_path: str) -> str:
    index = content.searchIndex
    found = index.FindByInventoryPath(inventory_path) if isinstance(index, vim.SearchIndex) else None
    if not isinstance(found, vim.Datacenter):
        raise ProviderError(f"vSphere has no datacenter '{inventory_path}', or not for this user.")
    return str(found._GetMoId())


def _is_6_7(about: Any) -> bool:
    """Return whether the API has version 6.7 or newer; false for a version that makes no sense."""
    major, _, rest = (about.apiVersion if about else "").partition(".")
    minor = rest.partition(".")[0]
    numbers = [int(each) if each.isdecimal() and len(each) < 4 else 0 for each in (major, minor)]
    return numbers >= [6, 7]
