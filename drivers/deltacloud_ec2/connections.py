"""The connections that `query` sends by: urllib3's own, set up as botocore sets up those of its clients."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from botocore.httpsession import ProxyConfiguration, get_cert_path
from botocore.utils import get_environ_proxies
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, PoolManager, ProxyManager, Timeout
from urllib3.util import Retry
from urllib3.util.ssl_ import create_urllib3_context

_CONNECTIONS = 32
_NO_RETRY = Retry(False)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL, the ``Host`` in it, and the connections to it. Safe under threads."""

    url: str
    host: str
    _pool: HTTPConnectionPool
    _target: str

    @classmethod
    def at(cls, url: str, verify: bool | str, connect_seconds: float, read_seconds: float) -> Endpoint:
        """By way of the proxy that the environment names for the URL, if any.

        ``verify`` says whether to check certificates; a text is the file of the authorities to check them by.
        """
        options: dict[str, Any] = {
            "timeout": Timeout(connect_seconds, read_seconds),
            "maxsize": _CONNECTIONS,
            "ssl_context": _tls(verify),
            "cert_reqs": ssl.CERT_REQUIRED if verify else ssl.CERT_NONE,
        }
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2].removesuffix(_DEFAULT_PORTS[parts.scheme])
        proxies = ProxyConfiguration(get_environ_proxies(url))
        if not (proxy := proxies.proxy_url_for(url)):
            return cls(url, host, PoolManager(**options).connection_from_url(url), parts.path)
        manager = ProxyManager(proxy, proxy_headers=proxies.proxy_headers_for(proxy), **options)
        target = url if parts.scheme == "http" else parts.path
        return cls(url, host, manager.connection_from_url(url), target)

    def post(self, body: bytes, headers: Mapping[str, str]) -> BaseHTTPResponse:
        """The answer, whole. Raises urllib3's ``HTTPError`` where there is none."""
        return self._pool.urlopen(
            "POST", self._target, body, headers, _NO_RETRY, redirect=False, assert_same_host=False
        )


@lru_cache(maxsize=8)
def _tls(verify: bool | str) -> ssl.SSLContext:
    """One for all providers that are checked alike: authorities are slow to load and large."""
    context = create_urllib3_context()
    if verify:
        context.load_verify_locations(get_cert_path(True) if verify is True else verify)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
