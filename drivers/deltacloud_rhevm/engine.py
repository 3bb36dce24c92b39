"""Speaks HTTP and XML with an engine on behalf of one request: time limit, retries, streamed lists, faults."""

import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote

import requests
from lxml import etree

from deltacloud_rhevm.account import Account
from deltacloud_rhevm.errors import EngineFault, StrangeAnswer

_TRIES = 3
_BACKOFF_SECONDS = 0.1
_BUSY = frozenset({429, 503})
_LENGTHS = ("Content-Length", "Transfer-Encoding")
_PARSER = {"resolve_entities": False, "no_network": True, "remove_comments": True, "remove_pis": True}


class Engine:
    """One account's engine for as long as one request may take. Paths are relative to the API's: ``/templates``."""

    def __init__(self, account: Account, timeout_seconds: float) -> None:
        """The time limit starts now."""
        self.account = account
        self._until = time.monotonic() + timeout_seconds

    def get(self, path: str, tag: str, *, detail: str = "") -> etree._Element:
        """The resource, whose element has to be ``tag``; ``detail`` (version 3) names a collection to be put into it.

        Raises ``EngineFault`` for a refusal and ``StrangeAnswer`` for anything else than the resource.
        """
        with closing(self._send("GET", path, detail=detail)) as response:
            return _expected(_parse(response), tag)

    def stream(
        self, path: str, tag: str, items: str, *, search: str = "", detail: str = "", follow: str = ""
    ) -> Iterator[etree._Element]:
        """The ``items`` of a collection whose element has to be ``tag``, one at a time: each is gone with the next.

        ``search`` is in the engine's own language; ``follow`` (oVirt 4.2) names links to be put into each item.
        """
        query = f"?search={quote(search, safe='=*')}" + (f"&follow={follow}" if follow else "")
        try:
            response = self._send("GET", path + query, detail=detail, stream=True)
        except EngineFault as fault:
            if fault.status == 404:
                raise StrangeAnswer(f"There is no {path} at the configured url of the engine.") from fault
            raise
        with closing(response):
            response.raw.decode_content = True
            events = etree.iterparse(response.raw, events=("end",), tag=items, **_PARSER)
            for _, element in events:
                parent = element.getparent()
                if parent is None or parent.getparent() is not None:
                    continue  # a reference of the same name inside of an item
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del parent[0]
            _expected(events.root, tag)

    def post(self, path: str, body: bytes, tag: str) -> etree._Element:
        """What the engine made of the document. Sent once: it may have happened even where this fails."""
        with closing(self._send("POST", path, body=body)) as response:
            return _expected(_parse(response), tag)

    def delete(self, path: str) -> None:
        """Remove the resource, or start to."""
        with closing(self._send("DELETE", path)) as response:
            if response.content.strip():
                _parse(response)
            elif response.status_code != 204 and not any(name in response.headers for name in _LENGTHS):
                raise StrangeAnswer("The engine's answer was cut: whether it has removed anything is not known.")

    def _send(
        self, method: str, path: str, *, body: bytes | None = None, detail: str = "", stream: bool = False
    ) -> requests.Response:
        """An answer of success, after at most three tries of what changes nothing, and a new login if it is needed."""
        headers = {"Accept": f"application/xml; detail={detail}"} if detail else {}
        if body is not None:
            headers["Content-Type"] = "application/xml"
        tries = _TRIES if method == "GET" else 1
        for number in range(1, tries + 1):
            try:
                response = self._ask(method, path, headers, body, stream)
            except requests.ConnectionError as error:
                if number == tries or isinstance(error, requests.Timeout | requests.exceptions.SSLError):
                    raise
                self._pause(number, "")
                continue
            if response.status_code in _BUSY and number < tries:
                response.close()
                self._pause(number, response.headers.get("Retry-After", ""))
                continue
            if 200 <= response.status_code < 300:
                return response
            with closing(response):
                raise _fault(response)
        raise AssertionError("the last try returns or raises")

    def _ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, stream: bool
    ) -> requests.Response:
        """One answer. A session that the engine has ended is answered with 401: then once more with the password."""
        response = self._once(method, path, headers, body, stream)
        if response.status_code == 401 and "Cookie" in response.request.headers:
            response.close()
            self.account.forget_login()
            response = self._once(method, path, headers, body, stream)
        return response

    def _once(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, stream: bool
    ) -> requests.Response:
        left = self._until - time.monotonic()
        if left <= 0:
            raise requests.Timeout
        return self.account.http.request(
            method,
            self.account.url + path,
            headers=headers,
            data=body,
            timeout=(left, left),
            stream=stream,
            allow_redirects=False,
        )

    def _pause(self, number: int, retry_after: str) -> None:
        wished = float(retry_after) if retry_after.isdecimal() else _BACKOFF_SECONDS * 2 ** (number - 1)
        left = self._until - time.monotonic()
        time.sleep(max(0.0, min(wished, left)))


def _parse(response: requests.Response) -> etree._Element:
    return etree.fromstring(response.content, etree.XMLParser(**_PARSER))  # type: ignore[arg-type]


def _expected(element: etree._Element, tag: str) -> etree._Element:
    if element.tag != tag:
        raise StrangeAnswer(f"The engine answered with '{element.tag}' where its API promises '{tag}'.")
    return element


def _fault(response: requests.Response) -> EngineFault:
    """The refusal in an answer; without words where the body is none of the engine's (a web server's page)."""
    try:
        root = _parse(response)
    except etree.XMLSyntaxError:
        return EngineFault(response.status_code)
    found = root if root.tag == "fault" else root.find("fault")
    if found is None:
        return EngineFault(response.status_code)
    return EngineFault(response.status_code, found.findtext("reason") or "", found.findtext("detail") or "")
