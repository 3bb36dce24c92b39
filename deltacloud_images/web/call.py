"""One request's choices: its format, driver and provider, and what follows from them."""

import re
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast
from urllib.parse import quote

from flask import Request, current_app, g, request

from deltacloud_images.catalog import Catalog, check_provider
from deltacloud_images.config import ApiSettings
from deltacloud_images.driver import Capability, Driver
from deltacloud_images.errors import NotAcceptable, NotSupported, ValidationFailure
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.registry import DriverUnavailable, Registry
from deltacloud_images.serializers import SERIALIZERS, DriverEntry, EntryPoint, HtmlSerializer, Links, Serializer
from deltacloud_images.serializers.links import matrix
from deltacloud_images.web.bulkheads import Bulkheads
from deltacloud_images.web.credentials import read_credentials
from deltacloud_images.web.hosts import public_host
from deltacloud_images.web.negotiation import PRIMARY, format_by_accept, format_by_name
from deltacloud_images.web.parameters import Parameters, read_query
from deltacloud_images.web.parking import TICKET
from deltacloud_images.web.paths import MATRIX

#: ``?format=gv``, which the instance states alone have: their errors are written as ``Accept`` says.
GRAPHVIZ = "gv"
#: Parameters that the contract itself hands to drivers, as fields of ``NewImage`` and ``NewInstance``.
_CONTRACT_PARAMETERS = {"name", "description", "keyname", "user_data", "hwp_cpu", "hwp_memory", "hwp_storage"}
#: Each collection with the capability that a driver needs to serve it; ``None``: every driver does.
COLLECTIONS = {
    "drivers": None,
    "hardware_profiles": Capability.HARDWARE_PROFILES,
    "images": Capability.IMAGES,
    "instance_states": Capability.INSTANCES,
    "instances": Capability.INSTANCES,
    "keys": Capability.KEYS,
    "realms": Capability.REALMS,
}
_HOST = re.compile(r"[A-Za-z0-9._~-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


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
    """What a request has chosen, in steps: an error in a later one is answered as the earlier ones chose."""

    serializer: Serializer = SERIALIZERS[PRIMARY]
    query: Parameters
    driver: Driver[Any]
    provider: str | None = None
    #: How long the answer may be kept.
    cache_control = "max-age=0, private, must-revalidate"
    #: The codings that the client accepts for the response, as its header names them.
    accept_encoding = ""
    #: The request headers that choose the response.
    vary = "Accept, Accept-Encoding, Authorization, X-Deltacloud-Driver, X-Deltacloud-Provider"

    def __init__(
        self, registry: Registry, defaults: ApiSettings, deadline: Deadline, request_id: str, path: str
    ) -> None:
        """``path`` is the request's as it was sent. An error before any choice is answered by the defaults."""
        self.started = time.monotonic()
        self.deadline = deadline
        self.request_id = request_id
        self.path = path
        self._registry = registry
        self._defaults = defaults
        self.driver_name = defaults.default_driver
        self.links = Links("")
        self._catalog: _SharedCatalog | None = None

    def choose(self, request: Request) -> None:
        """Read the choices from a request; raises the errors that bad ones deserve."""
        environ = request.environ
        self.accept_encoding = environ.get("HTTP_ACCEPT_ENCODING", "")
        self._choose_format(request)
        chosen = _chosen_by_matrix(environ)
        root = _root(environ["wsgi.url_scheme"], public_host(environ), environ.get("SCRIPT_NAME", ""))
        self.links = Links(root)
        self._choose_driver(chosen.get("driver") or environ.get("HTTP_X_DELTACLOUD_DRIVER"))
        self._choose_provider(chosen.get("provider") or environ.get("HTTP_X_DELTACLOUD_PROVIDER"))
        able = self.driver.capabilities
        self.links = Links(
            root,
            matrix(chosen),
            launches=Capability.CREATE_INSTANCE in able,
            destroys_images=Capability.DESTROY_IMAGE in able,
            destroys_keys=Capability.DESTROY_KEY in able,
        )
        self.serializer = self.serializer.amid(self)

    def _choose_format(self, request: Request) -> None:
        refusal = None
        try:
            self.serializer = SERIALIZERS[format_by_accept(request.environ.get("HTTP_ACCEPT"))]
        except NotAcceptable as error:
            refusal = error
        self.query = read_query(request)
        wanted = self.query.get("format")
        if wanted and not (wanted == GRAPHVIZ and request.endpoint == "entry.instance_states"):
            self.serializer = SERIALIZERS[format_by_name(wanted)]
        elif refusal and not wanted:
            raise refusal

    def _choose_driver(self, wanted: str | None) -> None:
        name = wanted.strip().lower() if wanted else self._defaults.default_driver
        try:
            self.driver = self._registry.driver(name)
        except DriverUnavailable as error:
            raise NotSupported(str(error)) from error
        self.driver_name = name

    def _choose_provider(self, wanted: str | None) -> None:
        default = self._defaults.default_provider if self.driver_name == self._defaults.default_driver else ""
        provider = (wanted or "").strip() or default or self.driver.default_provider
        if provider and _UNPRINTABLE.search(provider):
            raise ValidationFailure("The provider's name holds control characters.")
        check_provider(self.driver, provider)
        self.provider = provider

    @property
    def for_browser(self) -> bool:
        """Whether a person's browser asks: it is sent from page to page where a program gets a document."""
        return isinstance(self.serializer, HtmlSerializer)

    @property
    def entry(self) -> EntryPoint:
        """What the chosen driver and provider offer."""
        return EntryPoint(self.driver_name, self.provider, served(self.driver), self.driver.features)

    def drivers(self) -> list[DriverEntry]:
        """Every driver that is installed."""
        return [self.driver_entry(name) for name in self._registry.usable_names]

    def driver_entry(self, name: str) -> DriverEntry:
        """One driver that is installed."""
        driver = self._registry.unprepared(name)
        providers = driver.providers()
        configured = bool(providers or driver.trial_credentials() or self._registry.has_table(name))
        return DriverEntry(name, driver.title, providers, configured)

    def parameter(self, name: str) -> str:
        """A parameter of the query, or an empty text."""
        return self.query.text(name)

    def own_parameters(self, collection: str, rel: str) -> Mapping[str, bool]:
        """The parameters that the driver's own features add to an operation, each with whether it is a flag."""
        return {
            name: feature.flag
            for feature in self.driver.features
            if feature.collection == collection and feature.rel == rel
            for name in feature.params
            if name not in _CONTRACT_PARAMETERS
        }

    def catalog(self) -> Catalog:
        """Return the catalog of the caller whose credentials the request holds, when its cloud has a thread left."""
        credentials = read_credentials(request.environ.get("HTTP_AUTHORIZATION"))
        cloud = (self.driver_name, self.provider or "")
        leave = bulkheads().enter(cloud, self.deadline, request.environ.get(TICKET))
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


def served(driver: Driver[Any]) -> tuple[str, ...]:
    """The collections that a driver serves."""
    return tuple(name for name, needed in COLLECTIONS.items() if needed is None or needed in driver.capabilities)


def current_call() -> Call:
    """The call of the request that is being served."""
    return cast(Call, g.call)


def registry() -> Registry:
    """The application's registry."""
    return cast(Registry, current_app.extensions["deltacloud_images"].registry)


def bulkheads() -> Bulkheads:
    """Return the application's bulkheads."""
    return cast(Bulkheads, current_app.extensions["deltacloud_images"].bulkheads)


def _chosen_by_matrix(environ: Mapping[str, Any]) -> Mapping[str, str]:
    """Driver and provider, if they stand on the segment ``api``."""
    return {
        name: value for index, name, value in environ[MATRIX] if index == 1 and name in ("driver", "provider") and value
    }


@lru_cache(maxsize=64)
def _root(scheme: str, host: str, prefix: str) -> str:
    """The address that the client used, up to the API."""
    if not _HOST.fullmatch(host):
        raise ValidationFailure("The Host header is malformed.")
    return f"{scheme}://{host}{quote(prefix)}"
