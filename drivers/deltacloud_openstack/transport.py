"""keystoneauth's HTTP, sent by the driver kit's transport: with its deadline, bounds, retries, TLS and proxies."""

from typing import Any

import orjson
import requests
from keystoneauth1.session import Session
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from deltacloud_images.errors import ProviderError
from deltacloud_images.kit import transport
from deltacloud_images.kit.retries import Retry, by_status
from deltacloud_images.kit.transport import Transport
from deltacloud_images.kit.values import check_nodes

#: How much of an error's body is kept, in bytes.
MAX_ERROR_BYTES = 4096
#: Header by which keystone asks for a second factor. keystoneauth would read more of the body than it has.
_RECEIPT = "Openstack-Auth-Receipt"


def keystone_session(connections: Transport) -> Session:
    """Return a keystoneauth session that sends through the transport. It follows no redirect and retries nothing."""
    http = requests.Session()
    http.trust_env = False  # the transport reads the environment's proxies, and no password of a .netrc is sent
    http.headers["Accept-Encoding"] = "gzip, deflate"  # what the transport decodes
    for scheme in ("https://", "http://"):
        http.mount(scheme, TransportAdapter(connections))
    return Session(session=http, user_agent="deltacloud-images", redirect=False)


class TransportAdapter(BaseAdapter):
    """Sends requests' prepared requests through the kit's transport."""

    def __init__(self, connections: Transport) -> None:
        """Take the provider's connections."""
        super().__init__()
        self._connections = connections

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Return the complete response; raise ``ProviderError`` for a redirect and as the transport does.

        The options for streams, timeouts, TLS and proxies are not used, because they are the transport's.
        """
        method, url, body = request.method or "", request.url or "", request.body
        answer = self._connections.request(
            method,
            url,
            headers=request.headers,
            body=body.encode() if isinstance(body, str) else body,
            repeatable=method == "GET" or url.endswith("/tokens"),  # another login changes nothing
            judge=_judge,
        )
        if 300 <= answer.status < 400:
            raise ProviderError(f"{self._connections.title} responded with a redirect, which is not followed.")
        return _Response(request, answer)

    def close(self) -> None:
        """Close nothing: the connections are the provider's."""


class _Response(requests.Response):
    """A response that is complete and decoded."""

    def __init__(self, request: requests.PreparedRequest, answer: transport.Response) -> None:
        super().__init__()
        self.request = request
        self.url = request.url or ""
        self.status_code = answer.status
        self.headers = CaseInsensitiveDict(answer.headers)
        self.headers.pop(_RECEIPT, None)
        self._content = bytes(answer.body[:MAX_ERROR_BYTES] if answer.status >= 400 else answer.body)
        self._content_consumed = True

    def json(self, **_: Any) -> Any:
        """Return the body's JSON; raise ``ValueError`` where it is none, and for every error.

        keystoneauth reads more of an error's JSON than it has; ``errors.message`` reads it instead.
        """
        if self.status_code >= 400:
            raise ValueError("the JSON of an error is not read here")
        check_nodes(self.content, b"[{,")
        return orjson.loads(self.content)


def _judge(response: transport.Response) -> Retry:
    """Judge as the kit does, and take nova's older 413 with ``Retry-After`` for the 429 that it means."""
    throttled = response.status == 413 and response.retry_after is not None
    return Retry.ALWAYS if throttled else by_status(response)
