"""One account at one provider: its login, where its services are, and the sizes it may use."""

import time
from collections.abc import Callable
from threading import Lock

from keystoneauth1.adapter import Adapter
from keystoneauth1.exceptions import CatalogException
from keystoneauth1.session import Session

from deltacloud_openstack.config import ProviderSettings
from deltacloud_openstack.identity import Login
from deltacloud_openstack.sizes import Sizes

#: How long flavors are remembered.
SIZES_SECONDS = 300.0


class Account:
    """Shared by all requests with the same credentials, also at the same time."""

    def __init__(self, session: Session, login: Login, cloud: ProviderSettings) -> None:
        """Nothing is sent before the first call."""
        self.cloud = cloud
        self._session = session
        self._login = login
        self._adapters: dict[str, Adapter | None] = {}
        self._sizes: Sizes | None = None
        self._sizes_until = 0.0
        self._lock = Lock()

    @property
    def is_logged_in(self) -> bool:
        """Whether there is a token, which may have been revoked meanwhile."""
        return self._login.auth_ref is not None

    def login(self) -> None:
        """Get a token if there is none; raises what keystone raises."""
        self._login.get_access(self._session)

    @property
    def project_id(self) -> str:
        """The project that the token is for."""
        return self._login.get_access(self._session).project_id or ""

    @property
    def is_admin(self) -> bool:
        """Whether the cloud lets the account change other projects' images."""
        return "admin" in (self._login.get_access(self._session).role_names or ())

    def adapter(self, service: str) -> Adapter | None:
        """The keystoneauth adapter for a type of service (``compute``, ``image``); ``None`` if the catalog has none."""
        if service not in self._adapters:
            self._adapters[service] = self._make_adapter(service)
        return self._adapters[service]

    def endpoint(self, service: str) -> str:
        """The address of a service, without a slash at its end; empty if the catalog has none."""
        adapter = self.adapter(service)
        return (adapter.endpoint_override or "") if adapter else ""

    def sizes(self, fetch: Callable[[], Sizes]) -> Sizes:
        """The flavors, fetched anew every few minutes."""
        known = self._sizes
        if known is None or time.monotonic() > self._sizes_until:
            known = fetch()
            with self._lock:
                self._sizes, self._sizes_until = known, time.monotonic() + SIZES_SECONDS
        return known

    def _make_adapter(self, service: str) -> Adapter | None:
        """By the catalog's address alone: asking a service for its versions would cost a call, and tell nothing new."""
        try:
            url = self._login.get_endpoint(
                self._session,
                service_type=service,
                interface=self.cloud.interface,
                region_name=self.cloud.region or None,
                skip_discovery=True,
            )
        except CatalogException:
            return None
        if not url:
            return None
        return Adapter(self._session, auth=self._login, service_type=service, endpoint_override=url.rstrip("/"))
