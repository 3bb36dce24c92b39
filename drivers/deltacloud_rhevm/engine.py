"""Speaks HTTP and XML with an engine on behalf of one request: login, pages, faults."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import TypeVar
from urllib.parse import quote

from lxml import etree

from deltacloud_images.errors import ProviderError
from deltacloud_images.kit import xml
from deltacloud_images.kit.cached import Cached
from deltacloud_images.kit.pages import Page, listed
from deltacloud_images.kit.pool import Lease, Pool
from deltacloud_images.kit.transport import Response
from deltacloud_rhevm.account import Account
from deltacloud_rhevm.errors import EngineFault, StrangeAnswer

#: The resources on a page, for little memory. Engines without a number send all of a collection, or 100 (3.0).
PAGE_SIZE = 500
Kept = TypeVar("Kept")
_LENGTHS = ("Content-Length", "Transfer-Encoding")


class Engine:
    """One user's engine during one request. Paths are relative to the API's: ``/templates``."""

    def __init__(self, pool: Pool[Account], caller: tuple[str, ...], make: Callable[[], Account]) -> None:
        """``caller`` is the key of the user's account in the pool, and ``make`` makes an account."""
        self._make = make
        self._lease: Lease[Account] = pool.lease(caller, self._log_in)
        self._login: Callable[[Account], Response] | None = None
        self._login_response: Response | None = None

    @property
    def account(self) -> Account | None:
        """The user's account; ``None`` before the user's first request."""
        return self._lease.known

    def close(self) -> None:
        """Leave the account to other requests."""
        self._lease.close()

    @property
    def _is_filtered(self) -> bool:
        return bool(self.account and self.account.filtered)

    def get(self, path: str, tag: str, *, detail: str = "", filtered: str = "") -> etree._Element:
        """Return a resource, whose element has to be ``tag``; ``detail`` (version 3) names a collection to put into it.

        ``filtered`` is the path to ask for instead where the user's permissions filter lists. Raises ``EngineFault``
        for a refusal and ``StrangeAnswer`` for anything else than the resource.
        """
        return _expected(self._send("GET", path, detail=detail, filtered=filtered), tag)

    def listed(
        self, path: str, tag: str, items: str, *, search: str = "", detail: str = "", follow: str = ""
    ) -> Iterator[etree._Element]:
        """Yield the ``items`` of a collection whose element has to be ``tag``, page by page, in the order of names.

        ``search`` is in the engine's own language; ``follow`` (oVirt 4.2) names links to be put into each item.
        Source: "Searching", "Maximum results parameter" and "Pagination" in the REST API Guide. ``max`` is a matrix
        parameter, which version 3 demands and 4 takes (``ParametersHelper`` in oVirt's ovirt-engine). The engine names
        no next page: there is one if this one is full. Two that begin with the same item mean that the list does not
        end.

        A list that is filtered by the user's permissions comes in one response, and whole: engines search and count
        before they filter, or do not search at all.
        """
        numbers = count(1)
        unpaged = path + (f"?follow={follow}" if follow else "")

        def fetch(_: str) -> Page[etree._Element]:
            query = quote(f"{search} sortby name asc page {next(numbers)}".strip(), safe="=*")
            target = f"{path};max={PAGE_SIZE}?search={query}" + (f"&follow={follow}" if follow else "")
            root = self._collection(target, path, tag, detail, unpaged)
            is_full = len(root) >= PAGE_SIZE and not self._is_filtered
            return Page(root.iterchildren(items), f"begins with {root[0].get('id')}" if is_full else "")

        return listed(fetch)

    def kept(self, choose: Callable[[Account], Cached[Kept]], fetch: Callable[[], Kept]) -> Kept:
        """Return a value that the user's account keeps for a while; without an account the fetch logs in."""
        if account := self.account:
            return choose(account).get(fetch)
        fetched = fetch()
        return choose(account).get(lambda: fetched) if (account := self.account) else fetched

    def post(self, path: str, body: bytes, tag: str) -> etree._Element:
        """Return what the engine made of a document. It may have done so even where this fails."""
        return _expected(self._send("POST", path, body=body), tag)

    def delete(self, path: str) -> None:
        """Remove a resource, or start to."""
        response = self._send("DELETE", path)
        if response.body.strip():
            xml.parse(response.body)
        elif response.status != 204 and not any(name in response.headers for name in _LENGTHS):
            raise StrangeAnswer("The engine's response was cut: whether it has removed anything is not known.")

    def _collection(self, target: str, path: str, tag: str, detail: str, unpaged: str) -> etree._Element:
        try:
            return self.get(target, tag, detail=detail, filtered=unpaged)
        except EngineFault as fault:
            if fault.status == 404:
                raise StrangeAnswer(f"There is no {path} at the configured url of the engine.") from fault
            raise

    def _send(
        self, method: str, path: str, *, body: bytes | None = None, detail: str = "", filtered: str = ""
    ) -> Response:
        """Return a response of success.

        What an ordinary user is refused is asked again within the user's permissions. That is safe for any method: the
        engine refuses such a user's first query of a request, before it acts.
        """
        headers = {"Accept": f"application/xml; detail={detail}"} if detail else {}
        if body is not None:
            headers["Content-Type"] = "application/xml"

        def send(account: Account) -> Response:
            return account.request(method, (account.filtered and filtered) or path, headers, body)

        response = self._exchange(send)
        account = self._lease.item
        if account.filtered is None and not _is_success(response) and _fault(response).is_unfiltered_query:
            account.filtered = True
            response = self._exchange(send)
        if _is_success(response):
            return response
        raise _fault(response)

    def _exchange(self, send: Callable[[Account], Response]) -> Response:
        """Return a response of any status. A session that the engine has ended is replaced by a new login."""
        self._login = send
        account = self._lease.item
        response = self._login_response or send(account)
        if response.status == 401:
            self._login_response = None
            account = self._lease.renew()
            response = self._login_response or send(account)
        self._login_response = None
        return response

    def _log_in(self) -> Account:
        """Open an account by the request that needs it, whose response is kept: a login of its own would be a call."""
        assert self._login is not None
        account = self._make()
        response = self._login(account)
        if response.status == 401 or response.status >= 500:
            raise _fault(response)
        self._login_response = response
        return account


def _is_success(response: Response) -> bool:
    return 200 <= response.status < 300


def _expected(response: Response, tag: str) -> etree._Element:
    element = xml.parse(response.body)
    if element.tag != tag:
        raise StrangeAnswer(f"The engine answered with '{element.tag}' where its API promises '{tag}'.")
    return element


def _fault(response: Response) -> EngineFault:
    """Return the refusal in a response; without words where the body is none of the engine's (a web server's page)."""
    try:
        root = xml.parse(response.body)
    except ProviderError:
        return EngineFault(response.status, retry_after=response.retry_after)
    found = root if root.tag == "fault" else root.find("fault")
    reason, detail = ("", "") if found is None else (found.findtext("reason") or "", found.findtext("detail") or "")
    return EngineFault(response.status, reason, detail, response.retry_after)
