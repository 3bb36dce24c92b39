"""Lists that a cloud sends in pages: one loop, which ends whatever the cloud does."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Event
from typing import Generic, NamedTuple, TypeVar

from deltacloud_images.errors import ProviderError
from deltacloud_images.kit.deadline import Cancelled, current
from deltacloud_images.kit.threads import start

Item = TypeVar("Item")

#: The most pages and the most items of one list.
MAX_PAGES = 10_000
MAX_ITEMS = 1_000_000
#: How often a list is begun anew because its next page has gone.
MAX_RESTARTS = 3


class Page(NamedTuple, Generic[Item]):
    """Some items of a list, and the token of the next page: empty on the last one."""

    items: Iterable[Item]
    next: str = ""


@dataclass(slots=True)
class Restart(Generic[Item]):
    """What a list needs to go on when its page token has expired or the item that its marker names has gone.

    ``gone`` recognizes the cloud's error for that. The list is then begun anew, and items whose ``key`` was seen before
    are left out. Without this, the error ends the list.
    """

    gone: Callable[[Exception], bool]
    key: Callable[[Item], str]
    seen: set[str] = field(default_factory=set)


def listed(
    fetch: Callable[[str], Page[Item]],
    *,
    ahead: bool = False,
    restart: Restart[Item] | None = None,
    max_items: int = MAX_ITEMS,
) -> Iterator[Item]:
    """Yield the items of all pages, in order.

    ``fetch`` returns the page of a token, the first one for an empty text. With ``ahead`` the next page is fetched in a
    thread while the items of one are read. ``max_items`` bounds lists that are kept in memory.

    Raises ``ProviderError`` where a token comes twice or the list does not end, ``ProviderTimeout`` by the deadline in
    force, which begins anew for each page of a list that streams, and whatever ``fetch`` raises.
    """
    count = 0
    for page in _pages(fetch, ahead, restart):
        items = page.items if restart is None else _unseen(page.items, restart)
        if isinstance(items, list):
            count += len(items)
            _check_count(count, max_items)
            yield from items
        else:
            for item in items:
                count += 1  # not by a function, which would cost more than all else here
                if count > max_items:
                    _check_count(count, max_items)
                yield item


def _check_count(count: int, max_items: int) -> None:
    if count > max_items:
        raise ProviderError(f"The cloud's list does not end after {max_items:,} items.")


def _unseen(items: Iterable[Item], restart: Restart[Item]) -> Iterator[Item]:
    """Yield the items that were not yielded before the list was begun anew."""
    key_of, seen = restart.key, restart.seen
    for item in items:
        key = key_of(item)
        if key not in seen:
            seen.add(key)
            yield item


def _pages(fetch: Callable[[str], Page[Item]], ahead: bool, restart: Restart[Item] | None) -> Iterator[Page[Item]]:
    tokens = {""}
    restarts = 0
    page = fetch("")
    has_left = Event()
    for _ in range(MAX_PAGES):
        token = page.next
        if not token:
            yield page
            return
        if token in tokens:
            raise ProviderError("The cloud's list repeats a page again and again.")
        tokens.add(token)
        coming = _begin(fetch, token, has_left) if ahead else None
        try:
            yield page
        except GeneratorExit:
            has_left.set()
            raise
        try:
            page = current().result(coming) if coming else _next(fetch, token)
        except Exception as error:
            if restart is None or not restart.gone(error):
                raise
            restarts += 1
            if restarts > MAX_RESTARTS:
                raise ProviderError("The pages of the cloud's list expire before they can be read.") from error
            tokens = {""}
            page = _next(fetch, "")
    raise ProviderError(f"The cloud's list does not end after {MAX_PAGES:,} pages.")


def _begin(fetch: Callable[[str], Page[Item]], token: str, has_left: Event) -> "Future[Page[Item]]":
    """Fetch a page in a thread, unless the reader leaves before the thread begins."""
    current().next_page()

    def fetch_unless_left() -> Page[Item]:
        if has_left.is_set():
            raise Cancelled("Nobody reads the list any more.")
        return fetch(token)

    return start(fetch_unless_left)


def _next(fetch: Callable[[str], Page[Item]], token: str) -> Page[Item]:
    current().next_page()
    current().check()
    return fetch(token)
