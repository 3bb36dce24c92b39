"""The way to a vCenter: pyvmomi's SOAP over pooled HTTPS connections, within time limits, and how answers are read."""

import random
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import urllib3
from pyVmomi import vim
from pyVmomi.SoapAdapter import SoapResponseDeserializer, SoapStubAdapterBase
from pyVmomi.VmomiSupport import versionMap
from urllib3.exceptions import NewConnectionError, ProtocolError, SSLError

from deltacloud_vsphere.config import ProviderSettings
from deltacloud_vsphere.rows import VIM, Row
from deltacloud_vsphere.tls import tls_context

_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_POOLED_CONNECTIONS = 8
_ATTEMPTS = 3
_FIRST_PAUSE = 0.1
#: Answers of a reverse proxy whose vCenter is overloaded or about to start.
_TRY_AGAIN = frozenset({429, 503})
#: Calls that change nothing, so that they may be sent again when no answer came.
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

#: The versions of the API to speak: the second, where the vCenter has it, tells when a VM was created.
OLD_API = versionMap["vim25/5.5"]
API_6_7 = versionMap["vim25/6.7"]


class BadAnswer(Exception):
    """What came is no answer to what was asked."""


class UnexpectedStatus(Exception):
    """An HTTP status that no vCenter gives to a SOAP call."""

    def __init__(self, status: int) -> None:
        """``status`` as it came."""
        super().__init__(f"HTTP {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Page:
    """What the property collector answers; ``token`` asks for the rest and is empty if there is none."""

    rows: list[Row]
    token: str


class Transport:
    """Connections to one vCenter, opened when they are needed and used by all threads."""

    def __init__(self, settings: ProviderSettings, timeout_seconds: float) -> None:
        """Opens nothing yet; raises ``OSError`` where ``ca_file`` cannot be read."""
        self._connect_seconds = timeout_seconds / 2
        if not settings.verify_tls:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._pool = urllib3.HTTPSConnectionPool(
            settings.host,
            settings.port,
            maxsize=_POOLED_CONNECTIONS,
            ssl_context=tls_context(settings),
            assert_hostname=None if settings.verify_tls else False,
        )

    def post(self, body: bytes, headers: Mapping[str, str], deadline: float) -> urllib3.BaseHTTPResponse:
        """The whole answer. ``deadline`` is a time of ``time.monotonic``; raises urllib3's errors."""
        left = time_left(deadline)
        timeout = urllib3.Timeout(connect=min(left, self._connect_seconds), read=left)
        return self._pool.urlopen(
            "POST", "/sdk", body=body, headers=headers, retries=False, redirect=False, timeout=timeout
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


def time_left(deadline: float) -> float:
    """Seconds until the deadline; raises ``TimeoutError`` when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time limit of the request has passed")
    return left


class Stub(SoapStubAdapterBase):  # type: ignore[misc]
    """What pyvmomi's objects call through: one caller's session on a vCenter, until a deadline.

    Faults of the vCenter are raised as pyvmomi's exceptions. The property collector's answers come as ``Page``: they
    are the large ones, and pyvmomi's own reader, which makes an object of each value, takes several times as long.
    """

    def __init__(self, transport: Transport, deadline: float, version: str = OLD_API, cookie: str = "") -> None:
        """``cookie`` is that of a session; empty before the login."""
        super().__init__(version)
        self.requestContext = None
        self.deadline = deadline
        self.cookie = cookie
        self._transport = transport

    def InvokeMethod(self, mo: Any, info: Any, args: Any) -> Any:  # noqa: N802 (pyvmomi calls it so)
        """What the method of a managed object returns."""
        body = self.SerializeRequest(mo, info, args)
        response = self._send(body, repeatable=info.wsdlName in _REPEATABLE)
        cookies = [each.partition(";")[0] for each in response.headers.getlist("Set-Cookie")]
        self.cookie = "; ".join(cookies) or self.cookie
        content = _content(response.data, info.wsdlName)
        if content.tag == f"{_SOAP}Fault":
            raise self._deserialize(response.data, info, Exception)
        if info.wsdlName.endswith("RetrievePropertiesEx"):
            return _page(content)
        return self._deserialize(response.data, info, object)

    def _send(self, body: bytes, *, repeatable: bool) -> urllib3.BaseHTTPResponse:
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": self.versionId, "Accept-Encoding": "gzip"}
        if self.cookie:
            headers["Cookie"] = self.cookie
        for attempt in range(_ATTEMPTS if repeatable else 1):
            if attempt:
                pause = _FIRST_PAUSE * 2**attempt * random.uniform(0.5, 1)
                time.sleep(min(pause, time_left(self.deadline)))
            try:
                response = self._transport.post(body, headers, self.deadline)
            except (NewConnectionError, ProtocolError, SSLError) as error:
                failure: Exception = error
                if _is_untrusted(error):
                    break
            else:
                if response.status in (200, 500):
                    return response
                failure = UnexpectedStatus(response.status)
                if response.status not in _TRY_AGAIN:
                    break
        raise failure

    def _deserialize(self, data: bytes, info: Any, expected: type) -> Any:
        try:
            result = SoapResponseDeserializer(self).Deserialize(data, info.result)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise BadAnswer(f"the answer to {info.wsdlName} has another form than the API's") from error
        if not isinstance(result, expected):
            raise BadAnswer(f"the answer to {info.wsdlName} holds no {expected.__name__}")
        return result


def _is_untrusted(error: Exception) -> bool:
    return bool(error.args) and isinstance(error.args[0], ssl.SSLCertVerificationError)


def _content(data: bytes, method: str) -> ElementTree.Element:
    """The element in the envelope's body; raises ``BadAnswer`` unless it is this method's response or a fault."""
    try:
        envelope = ElementTree.fromstring(data)  # noqa: S314 (expat bounds entities; the vCenter holds all secrets)
    except ElementTree.ParseError as error:
        raise BadAnswer(f"the answer to {method} is no XML") from error
    body = envelope.find(f"{_SOAP}Body")
    if body is None or len(body) != 1 or body[0].tag not in (f"{_SOAP}Fault", f"{VIM}{method}Response"):
        raise BadAnswer(f"the answer to {method} is no SOAP")
    return body[0]


def _page(response: ElementTree.Element) -> Page:
    result = response.find(f"{VIM}returnval")
    if result is None:
        return Page([], "")
    rows = [_row(each) for each in result.iter(f"{VIM}objects")]
    return Page(rows, result.findtext(f"{VIM}token") or "")


def _row(content: ElementTree.Element) -> Row:
    """Raises ``NotAuthenticated`` where the vCenter withholds the properties for want of a session."""
    values = {}
    for each in content:
        if each.tag == f"{VIM}propSet":
            values[each[0].text or ""] = each[1]
        elif each.tag == f"{VIM}missingSet" and _is_not_authenticated(each):
            raise vim.fault.NotAuthenticated()
    return Row(content[0].get("type", ""), content[0].text or "", values)


def _is_not_authenticated(missing: ElementTree.Element) -> bool:
    kinds = (each.get(_XSI_TYPE, "") for each in missing.iter(f"{VIM}fault"))
    return any(kind.rpartition(":")[2] == "NotAuthenticated" for kind in kinds)
