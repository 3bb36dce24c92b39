"""What outlives a request: bounded, opened once, outside of every lock, and closed when nobody uses it."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from deltacloud_images.errors import AuthenticationFailure, ProviderTimeout
from deltacloud_images.kit.deadline import Deadline, in_force
from deltacloud_images.kit.pool import Lease, Pool
from deltacloud_images.testing import eventually


@pytest.fixture(autouse=True)
def deadline() -> Iterator[Deadline]:
    deadline = Deadline(10)
    with in_force(deadline):
        yield deadline


def within(seconds: float, lease: "Lease[str]") -> str:
    with in_force(Deadline(seconds)):
        return lease.item


def refuse() -> str:
    raise AuthenticationFailure("wrong")


def test_an_item_is_opened_once_and_kept_for_its_caller_alone() -> None:
    pool: Pool[str] = Pool(size=4, seconds=60)
    opened = iter("abc")
    leases = [pool.lease(caller, lambda: next(opened)) for caller in (("u", "pw"), ("u", "pw"), ("up", "w"))]
    assert [each.item for each in leases] == ["a", "a", "b"]
    assert len(pool) == 2


def test_a_known_item_is_borrowed_and_none_is_opened_for_that() -> None:
    pool: Pool[str] = Pool(size=4, seconds=60)
    assert pool.lease(("u",), refuse).known is None
    use(pool, "u")
    lease = pool.lease(("u",), refuse)
    assert (lease.known, lease.item) == ("u", "u")


def test_nothing_of_the_credentials_is_kept() -> None:
    pool: Pool[str] = Pool(size=4, seconds=60)
    assert pool.lease(("user", "hunter2"), lambda: "item").item == "item"
    assert "hunter2" not in repr(vars(pool))


def test_a_hanging_login_holds_up_nobody_else() -> None:
    pool: Pool[str] = Pool(size=4, seconds=60)
    started, released = Event(), Event()

    def hang() -> str:
        started.set()
        released.wait()
        return "late"

    with ThreadPoolExecutor(1) as thread:
        hanging = thread.submit(within, 60, pool.lease(("slow",), hang))
        started.wait()
        assert pool.lease(("quick",), lambda: "at once").item == "at once"
        with pytest.raises(ProviderTimeout):
            within(0.05, pool.lease(("slow",), lambda: "never"))
        released.set()
        assert hanging.result() == "late"
    assert pool.lease(("slow",), lambda: "never").item == "late"


def test_requests_that_wait_for_a_login_get_its_result_or_its_refusal() -> None:
    pool: Pool[str] = Pool(size=4, seconds=60)
    started, released = Event(), Event()
    attempts = []

    def hang_and_refuse() -> str:
        attempts.append(1)
        started.set()
        released.wait()
        return refuse()

    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(within, 10, pool.lease(("wrong",), hang_and_refuse)) for _ in range(4)]
        started.wait()
        assert eventually(lambda: threads._work_queue.empty())
        released.set()
        assert {type(each.exception()) for each in waiting} == {AuthenticationFailure}
    assert len(attempts) <= len(waiting)
    assert pool.lease(("wrong",), lambda: "right now").item == "right now"


def test_a_login_whose_own_request_ran_out_of_time_is_tried_by_who_waits() -> None:
    pool: Pool[str] = Pool(size=4, seconds=60)
    started, released = Event(), Event()

    def out_of_time() -> str:
        started.set()
        released.wait()
        raise ProviderTimeout("over")

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(within, 10, pool.lease(("u",), out_of_time))
        started.wait()
        second = threads.submit(within, 10, pool.lease(("u",), lambda: "mine"))
        released.set()
        assert second.result() == "mine"
        assert isinstance(first.exception(), ProviderTimeout)


def test_refused_callers_replace_nobody() -> None:
    pool: Pool[str] = Pool(size=2, seconds=60)
    assert pool.lease(("good",), lambda: "good").item == "good"
    for number in range(700):
        with pytest.raises(AuthenticationFailure):
            _ = pool.lease((str(number),), refuse).item
    assert len(pool) == 1
    assert pool.lease(("good",), refuse).item == "good"


def use(pool: "Pool[str]", name: str) -> None:
    lease = pool.lease((name,), lambda: name)
    assert lease.item == name
    lease.close()


def test_the_least_recently_used_item_makes_room() -> None:
    closed: list[str] = []
    pool: Pool[str] = Pool(size=2, seconds=60, close=closed.append)
    for name in ("a", "b", "a", "c"):
        use(pool, name)
    assert eventually(lambda: closed == ["b"])
    assert pool.lease(("a",), refuse).item == "a"


def test_what_is_dropped_is_closed_once_after_its_last_borrower() -> None:
    closed: list[str] = []
    pool: Pool[str] = Pool(size=1, seconds=60, close=closed.append)
    first, also_first = (pool.lease(("a",), lambda: "a") for _ in range(2))
    assert (first.item, also_first.item) == ("a", "a")
    assert pool.lease(("b",), lambda: "b").item == "b"
    first.close()
    assert closed == []
    also_first.close()
    assert eventually(lambda: closed == ["a"])
    also_first.close()
    pool.close()
    assert closed == ["a"]  # b is still borrowed


def test_a_renewed_lease_replaces_the_item_for_everybody() -> None:
    closed: list[str] = []
    pool: Pool[str] = Pool(size=4, seconds=60, close=closed.append)
    opened = iter("ab")
    lease, other = (pool.lease(("u",), lambda: next(opened)) for _ in range(2))
    assert (lease.item, other.item) == ("a", "a")
    assert lease.renew() == "b"
    assert other.renew() == "b"
    assert eventually(lambda: closed == ["a"])


def test_old_and_idle_items_are_closed_also_without_requests() -> None:
    closed: list[str] = []
    pool: Pool[str] = Pool(size=4, seconds=60, idle_seconds=0.01, close=closed.append)
    lease = pool.lease(("u",), lambda: "idle")
    assert lease.item == "idle"
    lease.close()
    assert eventually(lambda: closed == ["idle"])
    aged: Pool[str] = Pool(size=4, seconds=-1, close=closed.append)
    opened = iter("ab")
    for name in "ab":
        lease = aged.lease(("u",), lambda: next(opened))
        assert lease.item == name
        lease.close()
    assert eventually(lambda: closed[:2] == ["idle", "a"])


def test_close_ends_all_side_by_side_whatever_one_of_them_does() -> None:
    closed: list[str] = []

    def end(item: str) -> None:
        if item == "broken":
            raise ProviderTimeout("gone")
        closed.append(item)

    pool: Pool[str] = Pool(size=4, seconds=60, close=end)
    for name in ("a", "broken", "b"):
        lease = pool.lease((name,), lambda: name)  # noqa: B023
        assert lease.item == name
        lease.close()
    pool.close()
    assert sorted(closed) == ["a", "b"]
    assert len(pool) == 0


def test_a_forked_process_neither_uses_nor_closes_its_parents_items() -> None:
    closed: list[str] = []
    pool: Pool[str] = Pool(size=4, seconds=60, close=closed.append)
    lease = pool.lease(("u",), lambda: "parent's")
    assert lease.item == "parent's"
    lease.close()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        pool.close()
        os.write(writer, f"{pool.lease(('u',), lambda: 'own').item} {closed}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 100) == b"own []"
    assert pool.lease(("u",), refuse).item == "parent's"
