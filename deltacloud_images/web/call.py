"""One request: what it has chosen, what it gives, and the cloud that it uses."""

import time
from collections.abc import Callable, Mapping
from typing import Any, cast

from flask import current_app, g

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Driver
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.registry import Registry
from deltacloud_images.serializers import SERIALIZERS, HtmlSerializer, Links, Serializer
from deltacloud_images.web.bulkheads import Bulkheads
from deltacloud_images.web.credentials import read_credentials
from deltacloud_images.web.given import Given
from deltacloud_images.web.negotiation import PRIMARY
from deltacloud_images.web.parameters import Parameters
from deltacloud_images.web.parking import TICKET


class _SharedCatalog(Catalog):
    """A catalog whose cloud gets its thread back when it closes. Closing it again does nothing."""

    leave: Callable[[], None] | None = None

    def close(self) -> None:
        leave, self.leave = self.leave, None
        if leave is not None:
            try:
                super().close()
            finally:
                leave()


class Call:
    """One request. ``choice.choose`` sets what it chooses; until then, the defaults hold."""

    serializer: Serializer = SERIALIZERS[PRIMARY]
    #: Query and matrix parameters.
    query: Parameters
    #: What the request gives for the parameters of its operation.
    given = Given()
    driver: Driver[Any]
    provider: str | None = None
    #: The cloud's user, once the credentials are read.
    user = ""
    #: Whether a page's form has sent it.
    from_form = False
    #: How long the response may be kept.
    cache_control = "max-age=0, private, must-revalidate"
    #: The codings that the client accepts for the response, as its header names them.
    accept_encoding = ""
    #: The request headers that choose the response.
    vary = "Accept, Accept-Encoding, Authorization, X-Deltacloud-Driver, X-Deltacloud-Provider"

    def __init__(
        self, environ: Mapping[str, Any], deadline: Deadline, request_id: str, path: str, driver_name: str
    ) -> None:
        """``path`` is the request's as logs and errors show it, ``driver_name`` the default driver."""
        self.started = time.monotonic()
        self.environ = environ
        self.deadline = deadline
        self.request_id = request_id
        self.path = path
        self.driver_name = driver_name
        self.links = Links("")
        self._catalog: _SharedCatalog | None = None

    @property
    def for_browser(self) -> bool:
        """Whether a page is the response: a person's browser is redirected where a program gets a document."""
        return isinstance(self.serializer, HtmlSerializer)

    def catalog(self) -> Catalog:
        """Return the catalog of the caller whose credentials the request holds, when its cloud has a thread left."""
        credentials = read_credentials(self.environ.get("HTTP_AUTHORIZATION"))
        self.user = credentials.user
        cloud = (self.driver_name, self.provider or "")
        leave = bulkheads().enter(cloud, self.deadline, self.environ.get(TICKET))
        try:
            self._catalog = _SharedCatalog(self.driver, credentials, self.provider, self.deadline)
        except BaseException:
            leave()
            raise
        self._catalog.leave = leave
        return self._catalog

    def close(self) -> None:
        """Close the catalog if it is open."""
        if self._catalog is not None:
            self._catalog.close()


def current_call() -> Call:
    """Return the call of the request that is being served."""
    return cast(Call, g.call)


def registry() -> Registry:
    """Return the application's registry."""
    return cast(Registry, current_app.extensions["deltacloud_images"].registry)


def bulkheads() -> Bulkheads:
    """Return the application's bulkheads."""
    return cast(Bulkheads, current_app.extensions["deltacloud_images"].bulkheads)
