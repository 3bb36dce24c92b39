"""Speaks FGCP's API for one user at one endpoint: signed calls in, checked documents out."""

import time
from collections.abc import Mapping
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from lxml import etree
from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import EmptyPoolError, HTTPError, NewConnectionError, ProtocolError
from urllib3.fields import RequestField
from urllib3.filepost import encode_multipart_formdata

from deltacloud_fgcp.config import ProviderSettings
from deltacloud_fgcp.convert import NAMESPACE
from deltacloud_fgcp.errors import FgcpError, UnexpectedAnswer
from deltacloud_fgcp.identity import Identity
from deltacloud_images.errors import ProviderTimeout

_VERSION = "2011-01-31"
_HEADERS = {"Accept": "text/xml", "User-Agent": "OViSS-API-CLIENT"}
_READS = ("Get", "List")
_THROTTLED = frozenset({429, 503})
_PAUSES = (0.1, 0.2, 0.4)


class Client:
    """One user at one endpoint. Threads may share it; connections are made when the first call is."""

    def __init__(self, identity: Identity, provider: ProviderSettings, parallel_calls: int) -> None:
        """``parallel_calls`` bounds the connections."""
        self._identity = identity
        self._url = provider.url
        self._http = PoolManager(maxsize=parallel_calls, block=True, ssl_context=identity.tls(provider))

    def call(self, action: str, deadline: float, parameters: Mapping[str, str]) -> etree._Element:
        """The document that answers an action. ``deadline`` is one of ``time.monotonic``.

        Raises ``FgcpError`` for an answer other than SUCCESS. A call is sent again, after a pause, only where FGCP
        cannot have done it, and where a lost connection lost nothing but an answer; never after half of the time.
        """
        last_start = (time.monotonic() + deadline) / 2
        for pause in _PAUSES:
            try:
                return self._get(action, deadline, parameters)
            except (HTTPError, UnexpectedAnswer) as error:
                if not _repeatable(action, error) or time.monotonic() + pause > last_start:
                    raise
            time.sleep(pause)
        return self._get(action, deadline, parameters)

    def submit(self, action: str, deadline: float, field: str, document: str) -> etree._Element:
        """The same for an action that takes a document: one form, with the call as XML and the document as a file.

        Never sent twice: such actions create something.
        """
        common = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in self._common(action).items())
        call = f'<?xml version="1.0" encoding="UTF-8"?>\n<OViSSRequest>{common}</OViSSRequest>'
        parts = (RequestField("Document", call), RequestField(field, document, f"{field}.xml"))
        for part, content_type in zip(parts, ("text/xml; charset=UTF-8", "application/octet-stream"), strict=True):
            part.make_multipart(content_type=content_type)
        body, content_type = encode_multipart_formdata(parts)
        return _document(self._send("POST", self._url, deadline, body, {"Content-Type": content_type}))

    def _get(self, action: str, deadline: float, parameters: Mapping[str, str]) -> etree._Element:
        query = urlencode({**self._common(action), **parameters})
        return _document(self._send("GET", f"{self._url}?{query}", deadline))

    def _common(self, action: str) -> dict[str, str]:
        return {"Version": _VERSION, "Locale": "en", "Action": action, **self._identity.signature()}

    def _send(
        self,
        method: str,
        url: str,
        deadline: float,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> BaseHTTPResponse:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise ProviderTimeout("FGCP did not answer all calls that this takes in time.")
        try:
            return self._http.request(
                method,
                url,
                body=body,
                headers={**_HEADERS, **(headers or {})},
                timeout=Timeout(total=remaining, connect=remaining / 2),
                pool_timeout=remaining,
                retries=False,
                redirect=False,
            )
        except EmptyPoolError as error:
            raise ProviderTimeout("This user's other requests keep all connections to FGCP busy.") from error


def _repeatable(action: str, error: Exception) -> bool:
    if isinstance(error, UnexpectedAnswer):
        return error.code in _THROTTLED
    return isinstance(error, NewConnectionError) or (isinstance(error, ProtocolError) and action.startswith(_READS))


def _document(answer: BaseHTTPResponse) -> etree._Element:
    if answer.status != 200:
        raise UnexpectedAnswer(answer.status)
    document = etree.fromstring(
        answer.data, etree.XMLParser(resolve_entities=False, remove_comments=True, remove_pis=True)
    )
    status = document.findtext(f"{NAMESPACE}responseStatus")
    if status is None:
        raise UnexpectedAnswer(answer.status)
    if status != "SUCCESS":
        raise FgcpError(status, document.findtext(f"{NAMESPACE}responseMessage", ""))
    return document
