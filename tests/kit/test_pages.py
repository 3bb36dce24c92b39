"""Lists in pages end, whatever the cloud does."""

from collections.abc import Callable, Iterator
from itertools import count
from threading import Event

import pytest

from deltacloud_images.errors import ObjectNotFound, ProviderError, ProviderTimeout
from deltacloud_images.kit import pages
from deltacloud_images.kit.deadline import Deadline, in_force
from deltacloud_images.kit.pages import Page, Restart, listed

PAGES = {"": Page(["a", "b"], "2"), "2": Page(["c"], "3"), "3": Page([], "4"), "4": Page(["d"])}


@pytest.fixture(autouse=True)
def deadline() -> Iterator[Deadline]:
    deadline = Deadline(10)
    with in_force(deadline):
        yield deadline


def turned(*tokens: str) -> Callable[[str], Page[str]]:
    following = dict(zip(("", *tokens), (*tokens, tokens[0]), strict=True))
    return lambda token: Page([f"after {token}"], following[token])


@pytest.mark.parametrize("ahead", [False, True])
def test_all_items_come_in_order(ahead: bool) -> None:
    assert list(listed(PAGES.__getitem__, ahead=ahead)) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("tokens", [("A",), ("A", "B"), ("A", "B", "C")])
def test_a_circle_of_pages_is_an_error(tokens: tuple[str, ...], ahead: bool) -> None:
    with pytest.raises(ProviderError, match="again and again"):
        list(listed(turned(*tokens), ahead=ahead))


def test_new_tokens_without_end_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_PAGES", 50)
    calls = []

    def fetch(token: str) -> Page[str]:
        calls.append(token)
        return Page([], f"{token}x")

    with pytest.raises(ProviderError, match="after 50 pages"):
        list(listed(fetch))
    assert len(calls) == 51


def test_a_list_that_is_kept_in_memory_has_a_bound() -> None:
    numbers = count()
    with pytest.raises(ProviderError, match="after 2,500 items"):
        list(listed(lambda _: Page(range(1000), f"{next(numbers)}"), max_items=2500))


def test_no_page_begins_after_the_deadline_or_when_the_client_has_left() -> None:
    calls = []

    def fetch(token: str) -> Page[str]:
        calls.append(token)
        return Page(["item"], f"{token}x")

    left = Event()
    with in_force(Deadline(10, abandoned=left.is_set)):
        found = listed(fetch)
        assert [next(found) for _ in range(3)] == ["item"] * 3
        left.set()
        with pytest.raises(ProviderTimeout):
            next(found)
    assert calls == ["", "x", "xx"]


def test_a_page_that_has_gone_begins_the_list_anew_and_repeats_nothing() -> None:
    gone = {"3"}

    def fetch(token: str) -> Page[str]:
        if token in gone:
            gone.remove(token)
            raise ObjectNotFound("marker")
        return PAGES[token]

    restart: Restart[str] = Restart(lambda error: isinstance(error, ObjectNotFound), key=str)
    assert list(listed(fetch, restart=restart)) == ["a", "b", "c", "d"]


def test_pages_that_have_always_gone_are_the_clouds_error() -> None:
    def fetch(token: str) -> Page[str]:
        if token:
            raise ObjectNotFound("marker")
        return Page(["a"], "2")

    restart: Restart[str] = Restart(lambda error: isinstance(error, ObjectNotFound), key=str)
    with pytest.raises(ProviderError) as raised:
        list(listed(fetch, restart=restart))
    assert raised.value.status == 502


def test_errors_of_a_page_are_raised_where_it_is_read() -> None:
    def fetch(token: str) -> Page[str]:
        if token:
            raise ConnectionError(token)
        return Page(["a"], "2")

    found = listed(fetch, ahead=True)
    assert next(found) == "a"
    with pytest.raises(ConnectionError):
        next(found)
