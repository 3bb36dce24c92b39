"""HTTP connections to one provider: shared by its callers, without cookies, within each request's time."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import requests
from keystoneauth1.session import Session
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.exceptions import ReadTimeout
from requests.utils import get_environ_proxies

from deltacloud_openstack.config import ProviderSettings

#: Connections that are kept open per host. More callers at once open more, which are closed again.
KEPT_CONNECTIONS = 32
CONNECT_SECONDS = 10.0

_until: ContextVar[float] = ContextVar("until")


@contextmanager
def time_limit(until: float) -> Iterator[None]:
    """Until that time of the monotonic clock, everything sent in this context has to be answered."""
    token = _until.set(until)
    try:
        yield
    finally:
        _until.reset(token)


def time_left() -> float:
    """Seconds left in this context; not more than 0 if the time is over."""
    return _until.get() - time.monotonic()


def keystone_session(cloud: ProviderSettings) -> Session:
    """A keystoneauth session for all accounts of a provider; accounts' tokens are not in it.

    Redirects are not followed: they would carry tokens to other hosts.
    """
    http = requests.Session()
    http.trust_env = False  # asked once instead of for every request; and no password of a .netrc is sent anywhere
    http.cookies = _NoCookies()
    for scheme in ("https://", "http://"):
        http.mount(scheme, TimedAdapter(pool_connections=8, pool_maxsize=KEPT_CONNECTIONS))
    verify = cloud.verify_tls and (cloud.ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or True)
    return Session(session=http, verify=verify, user_agent="deltacloud-images", redirect=False)


class TimedAdapter(HTTPAdapter):
    """Gives every exchange what is left of the caller's time, also those that keystoneauth makes by itself.

    Proxies are those of the environment (``HTTPS_PROXY``, ``NO_PROXY``), read once for each host.
    """

    def __init__(self, **options: Any) -> None:
        """``options`` are requests' own."""
        super().__init__(**options)
        self._proxies = lru_cache(maxsize=64)(lambda origin: get_environ_proxies(origin, no_proxy=None))

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        """As requests does it, within the time."""
        left = time_left()
        if left <= 0:
            raise ReadTimeout("no time is left", request=request)
        scheme, host = urlsplit(request.url or "")[:2]
        options["proxies"] = self._proxies(f"{scheme}://{host}/")
        options["timeout"] = (min(left, CONNECT_SECONDS), left)
        return super().send(request, *arguments, **options)


class _NoCookies(RequestsCookieJar):
    """Keeps nothing: a cookie of one caller's answer must never be sent for another caller."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Ignore them."""
