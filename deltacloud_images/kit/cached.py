"""A value of a cloud that changes seldom, kept for a while."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from deltacloud_images.kit.deadline import current_tally

Value = TypeVar("Value")


class Cached(Generic[Value]):
    """One value with its age. Safe under threads, which may fetch it side by side."""

    def __init__(self, seconds: float) -> None:
        """Keep no value yet; ``seconds`` is how old it may become."""
        self._seconds = seconds
        self._kept: tuple[float, Value] | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is a value that is not too old."""
        kept = self._kept
        return kept is not None and time.monotonic() - kept[0] < self._seconds

    def get(self, fetch: Callable[[], Value]) -> Value:
        """Return the value, fetched anew if it is too old. Raises what ``fetch`` raises."""
        kept = self._kept
        hit = kept is not None and time.monotonic() - kept[0] < self._seconds
        if tally := current_tally():
            tally.look_up(hit=hit)
        if kept is not None and hit:
            return kept[1]
        value = fetch()
        self._kept = time.monotonic(), value
        return value
