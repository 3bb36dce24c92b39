"""Calls of FGCP's API for one user at one endpoint: signed requests out, checked documents in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from lxml import etree
from urllib3.fields import RequestField
from urllib3.filepost import encode_multipart_formdata

from deltacloud_fgcp.config import ProviderSettings
from deltacloud_fgcp.convert import NAMESPACE
from deltacloud_fgcp.errors import FgcpError, UnexpectedResponse
from deltacloud_fgcp.identity import Identity
from deltacloud_images.errors import AuthenticationFailure
from deltacloud_images.kit import xml
from deltacloud_images.kit.retries import retrying
from deltacloud_images.kit.transport import RefusedCertificate, Response, Transport
from deltacloud_images.models import HardwareProfile

_VERSION = "2011-01-31"
_HEADERS = {"Accept": "text/xml", "User-Agent": "OViSS-API-CLIENT"}
_READS = ("Get", "List")


class Client:
    """One user at one endpoint. Safe under threads; connections are opened by the first call."""

    def __init__(self, identity: Identity, provider: ProviderSettings) -> None:
        """Raise ``AuthenticationFailure`` if OpenSSL refuses the user's certificate."""
        self._identity = identity
        self._url = provider.url
        self._transport = Transport("FGCP", tls=identity.tls(provider))

    def call(self, action: str, parameters: Mapping[str, str]) -> etree._Element:
        """Return the document of the response to an action.

        Each attempt is signed anew, because the signature holds the time. Raises ``FgcpError`` for a response other
        than SUCCESS.
        """

        def send() -> Response:
            return self._send("GET", f"{self._url}?{urlencode({**self._common(action), **parameters})}")

        return _document(retrying(send, repeatable=action.startswith(_READS)))

    def submit(self, action: str, field: str, document: str) -> etree._Element:
        """Return the document of the response to an action that takes a document, and that creates something.

        The request is a form: the call as XML in the field ``Document``, and the document as a file in ``field``.
        Raises as ``call`` does.
        """

        def send() -> Response:
            common = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in self._common(action).items())
            call = f'<?xml version="1.0" encoding="UTF-8"?>\n<OViSSRequest>{common}</OViSSRequest>'
            parts = (RequestField("Document", call), RequestField(field, document, f"{field}.xml"))
            for part, content_type in zip(parts, ("text/xml; charset=UTF-8", "application/octet-stream"), strict=True):
                part.make_multipart(content_type=content_type)
            body, content_type = encode_multipart_formdata(parts)
            return self._send("POST", self._url, {"Content-Type": content_type}, body)

        return _document(retrying(send, repeatable=False))

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _common(self, action: str) -> dict[str, str]:
        return {"Version": _VERSION, "Locale": "en", "Action": action, **self._identity.signature()}

    def _send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Response:
        try:
            return self._transport.exchange(method, url, headers={**_HEADERS, **(headers or {})}, body=body)
        except RefusedCertificate as error:
            raise AuthenticationFailure(str(error)) from error


@dataclass(slots=True)
class Account:
    """A user at one endpoint, with responses that are requested once while the account is pooled."""

    client: Client
    profiles: Sequence[HardwareProfile] | None = None
    contract: str | None = None


def _document(response: Response) -> etree._Element:
    if response.status != 200:
        raise UnexpectedResponse(response)
    document = xml.parse(response.body)
    status = document.findtext(f"{NAMESPACE}responseStatus")
    if status is None:
        raise UnexpectedResponse(response)
    if status != "SUCCESS":
        raise FgcpError(status, document.findtext(f"{NAMESPACE}responseMessage", ""))
    return document
