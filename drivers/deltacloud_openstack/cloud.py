"""The calls of one request to the services of its account, decoded and checked."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from keystoneauth1 import exceptions
from requests import Response

from deltacloud_images.errors import not_found
from deltacloud_images.kit import pages, values
from deltacloud_images.kit.pool import Lease
from deltacloud_openstack.account import Account
from deltacloud_openstack.sizes import MAX_FLAVORS, Sizes, flavor

Record = Mapping[str, Any]

#: Images and instances a page: what nova and glance send at most unless their operators changed it.
PAGE = 1000
#: The newest version of nova's API that still names a server's flavor by id; the first that requires ``networks``.
MICROVERSION = "2.37"
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def _record_id(record: Any) -> str:
    found = record.get("id") if isinstance(record, dict) else None
    return found if isinstance(found, str) else ""


class Cloud:
    """What one request asks of its account's services. Raises what keystoneauth raises, and ``ProviderError``."""

    def __init__(self, lease: Lease[Account]) -> None:
        """Send nothing: the login happens when the account is first used."""
        self._lease = lease

    @property
    def account(self) -> Account:
        """The account, logged in."""
        return self._lease.item

    def verify(self) -> None:
        """Log in; with a token from the pool make a small call, because it may have been revoked."""
        if self._lease.known is None:
            self._lease.item  # noqa: B018 (opens it)
        else:
            self.read("compute", "/flavors", params={"limit": "1"})

    def close(self) -> None:
        """Give the account back to the pool."""
        self._lease.close()

    def call(self, service: str, method: str, path: str, *, version: str | None = None, **options: Any) -> Response:
        """Return the response to one call; raise keystoneauth's errors for a status of 400 and above.

        ``version`` is nova's microversion. Bodies are never logged, because they hold passwords.
        """
        adapter = self.account.adapter(service)
        response: Response = adapter.request(path, method, log=False, microversion=version, **options)
        return response

    def read(self, service: str, path: str, **options: Any) -> dict[str, Any]:
        """Return the decoded response to GET."""
        return values.json_object(self.call(service, "GET", path, **options).content)

    def records(
        self,
        service: str,
        path: str,
        key: str,
        params: Mapping[str, str],
        *,
        identify: Callable[[Any], str] = _record_id,
        max_items: int = pages.MAX_ITEMS,
        **options: Any,
    ) -> Iterator[Any]:
        """Yield the records of all pages under ``key``.

        Only the marker is taken from the link to the next page, because clouds behind a proxy get its host wrong. If
        the item that the marker names was deleted meanwhile, the list is begun anew and repeats nothing. ``identify``
        returns what tells a record from others.
        """
        query = {"limit": str(PAGE), **params}

        def fetch(marker: str) -> pages.Page[Any]:
            asked = {**query, "marker": marker} if marker else query
            body = self.read(service, path, params=asked, **options)
            return pages.Page(values.required(body.get(key), list, f"list of {key}"), _marker(body, key))

        restart = pages.Restart[Any](_is_marker_gone, identify)
        return pages.listed(fetch, restart=restart, max_items=max_items)

    def sizes(self) -> Sizes:
        """Return the flavors, which are kept for some minutes."""
        return self.account.sizes.get(self._fetch_sizes)

    @property
    def microversion(self) -> str | None:
        """What to send nova; ``None`` where its API is the old one of ``/v2/``, which has no microversions."""
        return MICROVERSION if self.account.has_microversions else None

    def _fetch_sizes(self) -> Sizes:
        records = self.records("compute", "/flavors/detail", "flavors", {}, max_items=MAX_FLAVORS)
        return Sizes(values.converted(records, flavor, "flavor"))


def is_uuid(value: object) -> bool:
    """Whether a value can be an id of nova, glance and neutron."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def uuid(text: str, kind: str) -> str:
    """Return an id that nova and glance can know; raise ``ObjectNotFound`` for any other text, which is not sent."""
    if not is_uuid(text):
        raise not_found(kind, text)
    return text


def _is_marker_gone(error: Exception) -> bool:
    """Glance responds with 400 or 404, nova with 400."""
    return isinstance(error, exceptions.BadRequest | exceptions.NotFound)


def _marker(body: Record, key: str) -> str:
    """Return the marker in glance's ``next`` or nova's ``<key>_links``; empty on the last page.

    Raises ``MalformedRecord`` for a link without one: the list would end too early.
    """
    link = body.get("next")
    for each in values.array(body.get(f"{key}_links")):
        if values.mapping(each).get("rel") == "next":
            link = each.get("href")
    if not link:
        return ""
    try:
        markers = parse_qs(urlsplit(values.text(link)).query).get("marker", [""])
    except ValueError:
        markers = [""]
    return values.required(markers[0], str, "marker of the next page")
