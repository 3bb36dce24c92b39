"""pyvmomi's SOAP over the kit's transport, and how responses are read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.parsers.expat import ExpatError

from lxml.etree import _Element
from pyVmomi import vim
from pyVmomi.SoapAdapter import SoapResponseDeserializer, SoapStubAdapterBase
from pyVmomi.VmomiSupport import versionMap

from deltacloud_images.errors import ProviderError, throttled
from deltacloud_images.kit import xml
from deltacloud_images.kit.retries import Retry, by_status
from deltacloud_images.kit.transport import Response, Transport
from deltacloud_images.kit.values import DATA_ERRORS
from deltacloud_vsphere.rows import VIM, Row

_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
#: The cookie of a session, the only one that is kept.
_SESSION_COOKIE = re.compile(r"vmware_soap_session=[\x21-\x3a\x3c-\x7e]+")
_OBJECT = f"{VIM}obj"
_PROPERTY = f"{VIM}propSet"
_MISSING = f"{VIM}missingSet"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Methods that change nothing, so that they may be called again when the response was lost.
_REPEATABLE = frozenset(
    {
        "ContinueRetrievePropertiesEx",
        "CreateContainerView",
        "CurrentTime",
        "Fetch",
        "FindByInventoryPath",
        "RetrievePropertiesEx",
        "RetrieveServiceContent",
    }
)

#: The versions of the API to speak: the second, where the vCenter has it, has the time at which a VM was created.
OLD_API = versionMap["vim25/5.5"]
API_6_7 = versionMap["vim25/6.7"]


def is_sendable(text: str) -> bool:
    """Return whether XML, and so a request to a vCenter, can hold a text."""
    return _NOT_XML.search(text) is None


@dataclass(frozen=True, slots=True)
class Objects:
    """A response of the property collector; ``token`` requests the rest and is empty if there is none."""

    contents: list[_Element]
    token: str


class Stub(SoapStubAdapterBase):  # type: ignore[misc]
    """The stub that sends the calls of pyvmomi's objects, within one caller's session on a vCenter.

    Faults of the vCenter are raised as pyvmomi's exceptions. The property collector's responses are returned as
    ``Objects``, because they are large and pyvmomi's own reader, which makes an object of each value, takes several
    times as long.
    """

    def __init__(self, transport: Transport, url: str, version: str = OLD_API, cookie: str = "") -> None:
        """``url`` is that of the vCenter's API; ``cookie`` is that of a session, empty before the login."""
        super().__init__(version)
        self.requestContext = None
        self.cookie = cookie
        self._transport = transport
        self._url = url

    def InvokeMethod(self, mo: Any, info: Any, args: Any) -> Any:  # noqa: N802 (pyvmomi calls it so)
        """Return what the method of a managed object returns."""
        response = self._transport.request(
            "POST",
            self._url,
            headers=self._headers(),
            body=self.SerializeRequest(mo, info, args),
            repeatable=info.wsdlName in _REPEATABLE,
            judge=_judge,
        )
        self._check_status(response)
        self._keep_cookie(response)
        content = _content(response.body, info.wsdlName)
        if content.tag == f"{_SOAP}Fault":
            raise self._deserialize(response.body, info, Exception)
        if info.wsdlName.endswith("RetrievePropertiesEx"):
            return _objects(content)
        return self._deserialize(response.body, info, object)

    def _headers(self) -> Mapping[str, str]:
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": self.versionId, "Accept-Encoding": "gzip"}
        return headers | {"Cookie": self.cookie} if self.cookie else headers

    def _check_status(self, response: Response) -> None:
        if response.status == 429 or (response.status == 503 and response.retry_after is not None):
            raise throttled(self._transport.title, response.retry_after)
        if response.status not in (200, 500):
            raise ProviderError(f"vSphere, or a proxy before it, responded with HTTP status {response.status}.")

    def _keep_cookie(self, response: Response) -> None:
        for header in response.headers.getlist("Set-Cookie"):
            if cookie := _SESSION_COOKIE.match(header):
                self.cookie = cookie[0]

    def _deserialize(self, body: bytes | bytearray, info: Any, expected: type) -> Any:
        try:
            cleaned = xml.without_control_characters(bytes(body))
            result = SoapResponseDeserializer(self).Deserialize(cleaned, info.result)
        except (*DATA_ERRORS, ExpatError) as error:
            raise ProviderError(f"vSphere's response to {info.wsdlName} makes no sense.") from error
        if not isinstance(result, expected):
            raise ProviderError(f"vSphere's response to {info.wsdlName} makes no sense: it has no {expected.__name__}.")
        return result


def _judge(response: Response) -> Retry:
    """Judge a response by its status, except that 500 is final because SOAP faults have it."""
    return Retry.NEVER if response.status == 500 else by_status(response)


def _content(data: bytes | bytearray, method: str) -> _Element:
    """Return the element in the envelope's body; raise ``ProviderError`` unless it is a response of this method."""
    body = xml.parse(data).find(f"{_SOAP}Body")
    if body is None or len(body) != 1 or body[0].tag not in (f"{_SOAP}Fault", f"{VIM}{method}Response"):
        raise ProviderError(f"vSphere's response to {method} makes no sense: it is not SOAP.")
    return body[0]


def _objects(response: _Element) -> Objects:
    result = response.find(f"{VIM}returnval")
    if result is None:
        return Objects([], "")
    return Objects(result.findall(f"{VIM}objects"), result.findtext(f"{VIM}token") or "")


def row(content: _Element) -> Row:
    """Return the row of an ``ObjectContent``.

    Raises ``NotAuthenticated`` where the vCenter withholds properties because the session has ended, and ``ValueError``
    where the object is not named.
    """
    properties = {}
    for each in content.iterchildren(_PROPERTY):
        if len(each) == 2:
            properties[each[0].text or ""] = each[1]
    for each in content.iterchildren(_MISSING):
        if _is_not_authenticated(each):
            raise vim.fault.NotAuthenticated()
    reference = content.find(_OBJECT)
    if reference is None or not reference.text:
        raise ValueError("an object without its reference")
    return Row(reference.get("type", ""), reference.text, properties)


def _is_not_authenticated(missing: _Element) -> bool:
    kinds = (each.get(_XSI_TYPE, "") for each in missing.iter(f"{VIM}fault"))
    return any(kind.rpartition(":")[2] == "NotAuthenticated" for kind in kinds)
