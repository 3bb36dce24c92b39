"""One account at one provider: its login, the endpoints of its services, and the flavors that it may use."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from keystoneauth1.access import AccessInfo
from keystoneauth1.adapter import Adapter
from keystoneauth1.session import Session

from deltacloud_images.errors import ProviderError
from deltacloud_images.kit.cached import Cached
from deltacloud_images.kit.values import DATA_ERRORS
from deltacloud_openstack.config import ProviderSettings
from deltacloud_openstack.identity import Login
from deltacloud_openstack.sizes import Sizes

#: How long flavors are kept, in seconds.
SIZES_SECONDS = 300.0
#: The types of the services that are used.
SERVICES = ("compute", "image", "network", "volumev3")
#: Services whose version the driver chooses itself; catalogs name the service's root or one of its versions.
_UNVERSIONED = ("image", "network")
_VERSION = re.compile(r"/v\d+(\.\d+)?$")


class Account:
    """A login that works. Shared by all requests with the same credentials, also at the same time."""

    def __init__(self, session: Session, login: Login, cloud: ProviderSettings) -> None:
        """Log in; raise ``LoginFailed``, or ``ProviderError`` for a token or catalog that makes no sense."""
        access = login.get_access(session)
        self.cloud = cloud
        self.project_id: str = access.project_id or ""
        self.sizes: Cached[Sizes] = Cached(SIZES_SECONDS)
        try:
            #: Whether the cloud lets the account change other projects' images.
            self.is_admin = "admin" in (access.role_names or ())
            endpoints = _endpoints(access, cloud)
        except DATA_ERRORS as error:
            raise ProviderError("The cloud's catalog of services makes no sense.") from error
        self.has_microversions = "/v2/" not in endpoints.get("compute", "") + "/"
        self._adapters = {
            # keystoneauth puts values where an endpoint has a percent sign
            service: Adapter(session, auth=login, service_type=service, endpoint_override=url.replace("%", "%%"))
            for service, url in endpoints.items()
        }

    def has(self, service: str) -> bool:
        """Whether the catalog has a type of service (``compute``, ``image``) in this region."""
        return service in self._adapters

    def adapter(self, service: str) -> Adapter:
        """Return the keystoneauth adapter for a type of service; raise ``ProviderError`` if the catalog has none."""
        if not self.has(service):
            region = f" in the region {self.cloud.region}" if self.cloud.region else ""
            raise ProviderError(f"The cloud's catalog has no service of the type {service}{region}.")
        return self._adapters[service]


def _endpoints(access: AccessInfo, cloud: ProviderSettings) -> Mapping[str, str]:
    """Return each service's URL, all of one region.

    Without a configured region it is the first by name of those that have nova: keystone promises no order.
    """
    found = {
        service: [
            each
            for endpoints in access.service_catalog.get_endpoints_data(service, cloud.interface).values()
            for each in endpoints
        ]
        for service in SERVICES
    }
    candidates = found["compute"] or found["image"]
    region = cloud.region or min((each.region_name for each in candidates if each.region_name), default="")
    return {
        service: _address(service, each.url or "")
        for service, endpoints in found.items()
        for each in reversed(endpoints)
        if not region or each.region_name == region
    }


def _address(service: str, url: str) -> str:
    """Return an endpoint's URL without a slash at its end; raise ``ValueError`` for what is no URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("an endpoint without a URL")
    url = url.rstrip("/")
    return _VERSION.sub("", url) if service in _UNVERSIONED else url
