"""Calls side by side within one request, under the request's deadline."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextvars import copy_context
from threading import Thread
from typing import Any, TypeVar

from deltacloud_images.kit.deadline import current

Item = TypeVar("Item")
Result = TypeVar("Result")


def start(call: Callable[..., Result], *arguments: Any) -> "Future[Result]":
    """Start a call in a thread of its own, with the deadline in force, and return its future.

    Nothing waits for the thread when the process ends.
    """
    future: Future[Result] = Future()
    context = copy_context()

    def run() -> None:
        try:
            result = context.run(call, *arguments)
        except BaseException as error:  # noqa: BLE001 (raised again by whoever asks for the result)
            future.set_exception(error)
        else:
            future.set_result(result)

    Thread(target=run, daemon=True, name=getattr(call, "__name__", "call")).start()
    return future


def side_by_side(call: Callable[[Item], Result], items: Sequence[Item], at_once: int) -> Iterator[Result]:
    """Yield the results of a call for each item, in order, with at most ``at_once`` calls under way.

    Raises the first error; calls under way then end by themselves within the deadline, and no other begins.
    """
    if len(items) < 2:
        yield from map(call, items)
        return
    rest = iter(items)
    running: deque[Future[Result]] = deque()
    for item in rest:
        running.append(start(call, item))
        if len(running) >= at_once:
            yield current().result(running.popleft())
    while running:
        yield current().result(running.popleft())
