"""What a request chooses: the format of the response, the driver and the provider, and the links that follow."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from flask import Request

from deltacloud_images.catalog import check_provider
from deltacloud_images.config import ApiSettings
from deltacloud_images.driver import Capability
from deltacloud_images.errors import NotAcceptable, NotSupported, ValidationFailure
from deltacloud_images.registry import DriverUnavailable, Registry
from deltacloud_images.serializers import SERIALIZERS, Links
from deltacloud_images.serializers.links import matrix
from deltacloud_images.web.call import Call
from deltacloud_images.web.hosts import public_host
from deltacloud_images.web.negotiation import format_by_accept, format_by_name
from deltacloud_images.web.page_context import PageContext
from deltacloud_images.web.parameters import read_query
from deltacloud_images.web.paths import API_SEGMENT, CLOUD_CHOICE, MATRIX

#: ``?format=gv``, which the instance states alone have: their errors are written as ``Accept`` says.
GRAPHVIZ = "gv"
_HOST = re.compile(r"[A-Za-z0-9._~-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


def choose(call: Call, request: Request, registry: Registry, defaults: ApiSettings) -> None:
    """Set what the request chooses. If a later step fails, the error response uses the choices already made.

    Raises ``NotAcceptable``, ``NotSupported`` or ``ValidationFailure`` for a choice that is not possible.
    """
    environ = request.environ
    call.accept_encoding = environ.get("HTTP_ACCEPT_ENCODING", "")
    _choose_format(call, request)
    chosen = _chosen_by_matrix(environ)
    root = _root(environ["wsgi.url_scheme"], public_host(environ), environ.get("SCRIPT_NAME", ""))
    call.links = Links(root)
    _choose_driver(call, registry, chosen.get("driver") or environ.get("HTTP_X_DELTACLOUD_DRIVER"), defaults)
    _choose_provider(call, chosen.get("provider") or environ.get("HTTP_X_DELTACLOUD_PROVIDER"), defaults)
    able = call.driver.capabilities
    call.links = Links(
        root,
        matrix(chosen),
        launches=Capability.CREATE_INSTANCE in able,
        destroys_images=Capability.DESTROY_IMAGE in able,
        destroys_keys=Capability.DESTROY_KEY in able,
    )
    if call.for_browser:
        call.serializer = call.serializer.for_request(PageContext(call, registry))


def _choose_format(call: Call, request: Request) -> None:
    refusal = None
    try:
        call.serializer = SERIALIZERS[format_by_accept(request.environ.get("HTTP_ACCEPT"))]
    except NotAcceptable as error:
        refusal = error
    call.query = read_query(request)
    wanted = call.query.get("format")
    if wanted and not (wanted == GRAPHVIZ and request.endpoint == "entry.instance_states"):
        call.serializer = SERIALIZERS[format_by_name(wanted)]
    elif refusal and not wanted:
        raise refusal


def _choose_driver(call: Call, registry: Registry, wanted: str | None, defaults: ApiSettings) -> None:
    name = wanted.strip().lower() if wanted else defaults.default_driver
    try:
        call.driver = registry.driver(name)
    except DriverUnavailable as error:
        raise NotSupported(str(error)) from error
    call.driver_name = name


def _choose_provider(call: Call, wanted: str | None, defaults: ApiSettings) -> None:
    default = defaults.default_provider if call.driver_name == defaults.default_driver else ""
    provider = (wanted or "").strip() or default or call.driver.default_provider
    if provider and _UNPRINTABLE.search(provider):
        raise ValidationFailure("The provider's name holds control characters.")
    check_provider(call.driver, provider)
    call.provider = provider


def _chosen_by_matrix(environ: Mapping[str, Any]) -> Mapping[str, str]:
    """Return driver and provider, if they stand on the last segment of the API's path."""
    return {
        name: value for index, name, value in environ[MATRIX] if index == API_SEGMENT and name in CLOUD_CHOICE and value
    }


@lru_cache(maxsize=64)
def _root(scheme: str, host: str, prefix: str) -> str:
    """Return the address that the client used, up to the API."""
    if not _HOST.fullmatch(host):
        raise ValidationFailure("The Host header is malformed.")
    return f"{scheme}://{host}{quote(prefix)}"
