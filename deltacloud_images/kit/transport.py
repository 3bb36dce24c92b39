"""HTTP to the clouds: connections to one provider, bounded in time and size, with retries, TLS and proxies."""

import logging
import os
import ssl
import weakref
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3 import (
    BaseHTTPResponse,
    HTTPConnectionPool,
    HTTPHeaderDict,
    PoolManager,
    ProxyManager,
    disable_warnings,
    exceptions,
)
from urllib3.util import Retry as UrllibRetry
from urllib3.util import Timeout

from deltacloud_images.errors import ProviderError
from deltacloud_images.kit.connections import bounded
from deltacloud_images.kit.decoding import read_body
from deltacloud_images.kit.retries import ConnectionLost, Retry, Unreached, by_status, retrying
from deltacloud_images.kit.tls import CERTIFICATE_ALERTS, shared_tls_context

#: Connections kept open per host. More requests at once open more, which are closed afterwards.
KEPT_CONNECTIONS = 32
_HOSTS = 16
_NO_RETRY = UrllibRetry(False)
_NO_TIMEOUT = Timeout(None)  # the sockets are bounded by the deadline
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


# urllib3's warnings hold URLs, and these may hold secrets; what they say is raised as an error as well.
logging.getLogger("urllib3").setLevel(logging.ERROR)


class UntrustedCertificate(ProviderError):
    """The cloud's certificate is not trusted: nothing was sent, and another attempt would fail likewise."""


class RefusedCertificate(ProviderError):
    """The cloud does not accept this side's client certificate: nothing was executed, and retries would fail too."""


@dataclass(frozen=True, slots=True)
class Response:
    """A complete response: its status, headers (names in any case) and decoded body."""

    status: int
    headers: HTTPHeaderDict
    body: bytes | bytearray

    @property
    def retry_after(self) -> float | None:
        """The seconds that the header ``Retry-After`` asks for; ``None`` if it is missing or makes no sense."""
        return _seconds(self.headers.get("Retry-After", ""))


class Transport:
    """Connections to one provider: shared by all of its callers, safe under threads, opened anew after a fork.

    No redirect is followed and no cookie is kept, since either could carry one caller's secrets elsewhere. Proxies are
    those of the environment variables ``HTTP_PROXY``, ``HTTPS_PROXY`` and ``NO_PROXY``, in either case.
    """

    def __init__(
        self, title: str, *, verify_tls: bool = True, ca_file: str = "", tls: ssl.SSLContext | None = None
    ) -> None:
        """Open nothing yet.

        ``title`` names the cloud in errors. ``verify_tls`` and ``ca_file`` are the provider's settings (see
        ``kit.tls``); ``tls`` replaces them where connections need more, for example a client certificate.
        """
        self.title = title
        self._tls = tls
        self._verification = (verify_tls, ca_file)
        self._origins: dict[str, tuple[HTTPConnectionPool, str]] = {}
        _open_transports.add(self)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        repeatable: bool | None = None,
        judge: Callable[[Response], Retry] = by_status,
    ) -> Response:
        """Send a request, again where ``kit.retries`` permits it, and return the response, whatever its status is.

        ``repeatable`` says that the request changes nothing; by default GET, HEAD and OPTIONS do not. ``judge`` tells
        what a response with a status of 400 and above means for retries. Raises ``ProviderTimeout`` when the deadline
        in force is over, and ``ProviderError`` where there is no complete response.
        """
        return retrying(
            lambda: self.exchange(method, url, headers=headers, body=body),
            repeatable=method in _READS if repeatable is None else repeatable,
            judge=judge,
        )

    def exchange(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Response:
        """Send a request once; for drivers that prepare each attempt anew, as for a signature that holds the time."""
        pool, target = self._connections(url)
        try:
            raw = pool.urlopen(
                method,
                target,
                body,
                headers or {},
                _NO_RETRY,
                redirect=False,
                assert_same_host=False,
                timeout=_NO_TIMEOUT,
                preload_content=False,
                decode_content=False,
            )
            return Response(raw.status, raw.headers, _complete(raw))
        except exceptions.HTTPError as error:
            raise self._failure(error) from error
        except OSError as error:
            raise ConnectionLost(f"The connection to {self.title} was lost.") from error
        except ValueError as error:
            raise self._malformed() from error

    def close(self) -> None:
        """Close the connections that nobody uses; others when their response is complete."""
        origins, self._origins = self._origins, {}
        for pool, _ in origins.values():
            pool.close()

    def abandon(self) -> None:
        """Forget all connections without closing them: they are the parent process's."""
        self._origins = {}

    def _connections(self, url: str) -> tuple[HTTPConnectionPool, str]:
        """Return the connections to the host of a URL, and what to ask there for."""
        scheme, _, rest = url.partition("://")
        host, _, path = rest.partition("/")
        origin = f"{scheme}://{host}"
        known = self._origins.get(origin)
        if known is None:
            try:
                known = self._origins[origin] = self._open(scheme, origin)
            except ValueError as error:
                raise self._malformed() from error
        pool, prefix = known
        return pool, f"{prefix}/{path}"

    def _open(self, scheme: str, origin: str) -> tuple[HTTPConnectionPool, str]:
        options: dict[str, Any] = {"num_pools": _HOSTS, "maxsize": KEPT_CONNECTIONS}
        tls = self._tls or self._shared_tls()
        options |= {"ssl_context": tls, "cert_reqs": tls.verify_mode}
        if not tls.check_hostname:
            options["assert_hostname"] = False  # urllib3 would check it itself
        if tls.verify_mode is ssl.CERT_NONE:  # by the operator's choice, so that no warning is needed
            disable_warnings(exceptions.InsecureRequestWarning)
        proxy = _proxy_for(origin)
        if not proxy:
            return bounded(PoolManager(**options)).connection_from_url(origin), ""
        parts = urlsplit(proxy)
        if parts.username is not None:
            secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            options["proxy_headers"] = {"Proxy-Authorization": f"Basic {b64encode(secret.encode()).decode()}"}
        manager = bounded(ProxyManager(proxy, proxy_ssl_context=tls, **options))
        return manager.connection_from_url(origin), origin if scheme == "http" else ""

    def _malformed(self) -> ProviderError:
        """Return the error for an address or a token of the cloud that HTTP cannot carry."""
        return ProviderError(f"The address or a header of a request to {self.title} is malformed.")

    def _shared_tls(self) -> ssl.SSLContext:
        try:
            return shared_tls_context(*self._verification)
        except OSError as error:
            raise ProviderError(f"The file of authorities to verify {self.title} by cannot be read.") from error

    def _failure(self, error: exceptions.HTTPError) -> ProviderError:
        reason = error.original_error if isinstance(error, exceptions.ProxyError) else error
        if isinstance(reason, exceptions.NewConnectionError | exceptions.ProxyError) or reason is not error:
            return Unreached(f"{self.title} could not be reached.")
        if isinstance(reason, exceptions.SSLError):
            cause = reason.args[0] if reason.args else None
            if isinstance(cause, ssl.SSLCertVerificationError):
                return UntrustedCertificate(
                    f"The certificate of {self.title} is not trusted: see the provider's ca_file."
                )
            alert = getattr(cause, "reason", None)
            if alert in CERTIFICATE_ALERTS:
                return RefusedCertificate(f"{self.title} does not accept the client certificate: {alert}.")
            return ConnectionLost(f"TLS with {self.title} failed.")
        return ConnectionLost(f"The connection to {self.title} was lost.")


def _complete(raw: BaseHTTPResponse) -> bytes | bytearray:
    try:
        return read_body(raw, raw.headers.get("Content-Encoding", ""))
    except BaseException:
        raw.close()
        raise


def _proxy_for(origin: str) -> str:
    parts = urlsplit(origin)
    proxies = getproxies()
    if proxy_bypass(parts.hostname or "", proxies):
        return ""
    proxy = proxies.get(parts.scheme, "")
    return proxy if "://" in proxy or not proxy else f"http://{proxy}"


def _seconds(text: str) -> float | None:
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(parsedate_to_datetime(text).timestamp() - time(), 0.0)
    except (ValueError, OverflowError, TypeError):
        return None


_open_transports: "weakref.WeakSet[Transport]" = weakref.WeakSet()


def _after_fork(transports: Iterable[Transport]) -> None:
    for each in list(transports):
        each.abandon()


os.register_at_fork(after_in_child=lambda: _after_fork(_open_transports))
