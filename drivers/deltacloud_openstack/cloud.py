"""The calls of one request: within its time, retried where that is safe, decoded and checked."""

import re
from collections.abc import Iterator, Mapping
from itertools import count
from time import monotonic, sleep
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from keystoneauth1.exceptions import EndpointNotFound
from requests import Response

from deltacloud_images.errors import ObjectNotFound
from deltacloud_openstack.account import Account
from deltacloud_openstack.errors import MalformedAnswer, retry_after
from deltacloud_openstack.sizes import Sizes
from deltacloud_openstack.transport import time_limit

Record = dict[str, Any]

#: Images and instances a page: what nova and glance give at most unless their operators changed it.
PAGE = 1000
#: The newest version of nova's API that still tells a server's flavor by id; the first that wants ``networks``.
MICROVERSION = "2.37"
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


class Cloud:
    """What one request asks of its account's services. Raises what keystoneauth raises, and ``MalformedAnswer``."""

    def __init__(self, account: Account, timeout_seconds: float) -> None:
        """``timeout_seconds`` is for all calls together; every further page of a list gets as much again."""
        self.account = account
        self._seconds = timeout_seconds
        self._until = monotonic() + timeout_seconds
        self._project_id: str | None = None

    @property
    def project_id(self) -> str:
        """The account's project; logs in if it has to."""
        if self._project_id is None:
            self.login()
            with time_limit(self._until):
                self._project_id = self.account.project_id
        return self._project_id

    @property
    def is_admin(self) -> bool:
        """Whether the account may change other projects' images."""
        with time_limit(self._until):
            return self.account.is_admin

    def login(self) -> None:
        """Get a token if there is none."""
        self._retrying("GET", self.account.login)

    def endpoint(self, service: str) -> str:
        """The service's address, empty if the cloud has none."""
        self.login()
        with time_limit(self._until):
            return self.account.endpoint(service)

    def call(self, service: str, method: str, path: str, *, version: str | None = None, **options: Any) -> Response:
        """The answer to one call. Bodies are never logged: they hold passwords."""
        if not self.endpoint(service):
            raise EndpointNotFound(f"The cloud's catalog has no service of type {service} here.")
        adapter = self.account.adapter(service)
        assert adapter is not None
        answer: Response = self._retrying(
            method, lambda: adapter.request(path, method, log=False, microversion=version, **options)
        )
        if answer.status_code >= 300:
            raise MalformedAnswer(f"a redirection (HTTP {answer.status_code})")
        return answer

    def read(self, service: str, path: str, **options: Any) -> Record:
        """The decoded answer to GET."""
        return decoded(self.call(service, "GET", path, **options))

    def pages(
        self, service: str, path: str, key: str, params: Mapping[str, str], **options: Any
    ) -> Iterator[list[Any]]:
        """The records of each page under ``key``, as long as the answers name a next one.

        Only the marker is taken from the link to the next page: clouds behind a proxy get its address wrong.
        """
        query: dict[str, str] = {"limit": str(PAGE), **params}
        while True:
            body = self.read(service, path, params=query, **options)
            yield checked(body.get(key), list)
            marker = _marker(body, key)
            if not marker or marker == query.get("marker"):
                return
            query["marker"] = marker
            self._until = monotonic() + self._seconds

    def sizes(self) -> Sizes:
        """The flavors, remembered for some minutes."""
        return self.account.sizes(self._fetch_sizes)

    @property
    def microversion(self) -> str | None:
        """What to send nova; ``None`` where its API is the old one of ``/v2/``, which has no microversions."""
        return None if "/v2/" in self.endpoint("compute") + "/" else MICROVERSION

    def _fetch_sizes(self) -> Sizes:
        pages = self.pages("compute", "/flavors/detail", "flavors", {})
        try:
            return Sizes(flavor for page in pages for flavor in page)
        except (KeyError, TypeError, ValueError) as error:
            raise MalformedAnswer("a flavor without its sizes") from error

    def _retrying(self, method: str, send: Any) -> Any:
        for attempt in count():
            try:
                with time_limit(self._until):
                    return send()
            except Exception as error:
                pause = retry_after(error, method, attempt)
                if pause is None or monotonic() + pause >= self._until:
                    raise
                sleep(pause)
        raise AssertionError


def decoded(response: Response) -> Record:
    """The JSON object of an answer; raises ``MalformedAnswer`` if it is none."""
    try:
        body: Record = checked(orjson.loads(response.content), dict)
        return body
    except ValueError as error:
        raise MalformedAnswer("no JSON") from error


def checked(value: Any, kind: type) -> Any:
    """The value, if it is of that kind; raises ``MalformedAnswer``."""
    if not isinstance(value, kind):
        raise MalformedAnswer(f"no {kind.__name__} where one belongs")
    return value


def uuid(text: str, kind: str) -> str:
    """The id, if nova and glance could know it: anything else is not sent, and raises ``ObjectNotFound``."""
    if not _UUID.fullmatch(text):
        raise ObjectNotFound(f"{kind} '{text}' was not found.")
    return text


def _marker(body: Record, key: str) -> str:
    """Of glance's ``next``, or of nova's ``<key>_links``; empty on the last page."""
    link = body.get("next")
    for each in body.get(f"{key}_links") or ():
        if each.get("rel") == "next":
            link = each.get("href")
    return parse_qs(urlsplit(link).query).get("marker", [""])[0] if link else ""
