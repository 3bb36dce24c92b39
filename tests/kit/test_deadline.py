"""The time limit of a request: one for all that it waits for, and anew for each page of a list that streams."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Event, Lock

import pytest

from deltacloud_images.errors import ProviderTimeout
from deltacloud_images.kit import threads
from deltacloud_images.kit.deadline import Cancelled, Deadline, current, in_force


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_time_runs_out_and_says_the_limit(clock: list[float]) -> None:
    deadline = Deadline(60)
    clock[0] += 59
    assert deadline.left() == 1.0
    assert deadline.slice() == 0.5
    clock[0] += 1
    for ask in (deadline.left, deadline.slice, deadline.check):
        with pytest.raises(ProviderTimeout, match="within the limit of 60 seconds"):
            ask()


def test_pages_do_not_extend_the_limit_before_the_first_byte(clock: list[float]) -> None:
    deadline = Deadline(60, 600)
    clock[0] += 50
    deadline.next_page()
    assert deadline.left() == 10.0


def test_a_list_that_streams_has_the_limit_for_each_page_and_one_for_the_whole(clock: list[float]) -> None:
    deadline = Deadline(60, 100)
    clock[0] += 50
    deadline.stream()
    assert deadline.left() == 50.0
    clock[0] += 49
    deadline.next_page()
    assert deadline.left() == 1.0
    clock[0] += 1
    with pytest.raises(ProviderTimeout, match="within the limit of 100 seconds"):
        deadline.left()


def test_waits_end_with_the_deadline() -> None:
    held = Lock()
    held.acquire()
    waits: tuple[Callable[[Deadline], object], ...] = (
        lambda deadline: deadline.acquire(held),
        lambda deadline: deadline.result(Future()),
        lambda deadline: deadline.sleep(60),
    )
    for wait in waits:
        with pytest.raises(ProviderTimeout):
            wait(Deadline(0.01))


def test_a_cancelled_request_ends_its_waits() -> None:
    deadline = Deadline(60)
    with in_force(deadline):
        waiting = threads.start(deadline.result, Future())
    deadline.cancel()
    assert isinstance(waiting.exception(5), Cancelled)


def test_a_part_of_a_request_ends_before_it_and_is_cancelled_with_it(clock: list[float]) -> None:
    left = Event()
    deadline = Deadline(60, abandoned=left.is_set)
    part = deadline.part(5)
    assert (part.left(), deadline.part(100).left()) == (5.0, 60.0)
    left.set()
    with pytest.raises(Cancelled):
        part.check()
    with pytest.raises(Cancelled):
        deadline.left()


def test_whether_the_client_has_left_is_asked_twice_a_second(clock: list[float]) -> None:
    asked: list[float] = []

    def has_left() -> bool:
        asked.append(clock[0])
        return False

    deadline = Deadline(60, abandoned=has_left)
    for _ in range(20):
        deadline.slice()
        clock[0] += 0.1
    assert len(asked) == 3
    deadline.check()
    assert len(asked) == 4


def test_the_deadline_in_force_reaches_threads_and_ends_with_its_context() -> None:
    outer, inner = Deadline(60), Deadline(5)
    with in_force(outer):
        with in_force(inner):
            assert threads.start(current).result(5) is inner
        assert current() is outer
    with pytest.raises(RuntimeError, match="No deadline"):
        current()


def test_calls_side_by_side_are_bounded_and_in_order() -> None:
    running: list[int] = []
    most: list[int] = []

    def call(item: int) -> int:
        running.append(item)
        most.append(len(running))
        time.sleep(0.001)
        running.remove(item)
        return item * 2

    with in_force(Deadline(10)):
        assert list(threads.side_by_side(call, range(20), 3)) == [each * 2 for each in range(20)]
    assert max(most) <= 3
