"""Requests that wait until an image or an instance has reached the state that it is on its way to.

A request that waits holds no thread where the server can park it: it is served again after a pause. What the cloud
says of a thing serves all requests of the same caller that wait for it.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from secrets import token_bytes
from threading import Lock
from typing import Any, Protocol, TypeVar, cast

from flask import Response, current_app

from deltacloud_images.catalog import Catalog
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.states import CHANGING
from deltacloud_images.web.call import Call
from deltacloud_images.web.clients import disconnected
from deltacloud_images.web.operations import MAX_WAIT_SECONDS, WAIT
from deltacloud_images.web.parking import TICKET, Parked, Ticket

#: How many requests of a worker wait at a time; others get the present state at once.
MAX_WAITING = 1000
#: After how many seconds a client that does not wait is to look again.
RETRY_AFTER_SECONDS = 5
#: The pauses between two looks in seconds; the last one is repeated.
_PAUSES = (0.5, 0.5, 1.0, 1.0, 2.0, 2.0, 3.0, 5.0)
_PREFERENCE = re.compile(r'(?:^|[,;])\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?=$|[,;])', re.IGNORECASE)
_MAX_SEEN = 10_000


class Thing(Protocol):
    """An image or an instance."""

    @property
    def state(self) -> str:
        """Its state, in upper case."""


Found = TypeVar("Found", bound=Thing)


@dataclass(slots=True)
class _Seen:
    """What the cloud last said of a thing, by the monotonic clock, and whether it is being asked."""

    thing: Any
    at: float
    is_asked: bool = False


class WaitingRoom:
    """The requests of a worker that wait. Safe under threads."""

    def __init__(self) -> None:
        """Nobody waits yet."""
        self._lock = Lock()
        self._secret = token_bytes(32)
        self._seen: dict[bytes, _Seen] = {}
        self.waiting = 0

    def enter(self) -> bool:
        """Take a place; return whether there was one."""
        with self._lock:
            has_place = self.waiting < MAX_WAITING
            self.waiting += has_place
            return has_place

    def leave(self) -> None:
        """Give a place back."""
        with self._lock:
            self.waiting -= 1

    def look(self, key: tuple[str, ...], max_age: float, find: Callable[[], Found]) -> Found:
        """Return a thing as the cloud showed it at most so many seconds ago, or shows it now.

        While another request asks the cloud for it, return what was seen before.
        """
        digest = blake2b(repr(key).encode("utf-8", "surrogatepass"), key=self._secret).digest()
        with self._lock:
            seen = self._seen.get(digest)
            if seen is not None:
                if seen.is_asked or time.monotonic() - seen.at <= max_age:
                    return cast(Found, seen.thing)
                seen.is_asked = True
        try:
            thing = find()
        except BaseException:
            with self._lock:
                self._seen.pop(digest, None)
            raise
        with self._lock:
            self._forget_old()
            self._seen[digest] = _Seen(thing, time.monotonic())
        return thing

    def _forget_old(self) -> None:
        if len(self._seen) >= _MAX_SEEN:
            oldest = time.monotonic() - _PAUSES[-1]
            self._seen = {key: each for key, each in self._seen.items() if each.is_asked or each.at > oldest}


def find_settled(call: Call, kind: str, thing_id: str, find: Callable[[Catalog], Found]) -> Found:
    """Return what ``find`` finds: if the client waits, when its state changes no more or the wait is over.

    ``kind`` and ``thing_id`` tell the thing from others. Raises ``Parked`` while a request waits that can be parked.
    """
    seconds = _wanted_seconds(call)
    if not seconds:
        with call.catalog() as catalog:
            return find(catalog)
    return _Wait(call, seconds, (kind, thing_id)).until_settled(find)


def hint(response: Response, thing: Thing) -> Response:
    """Say when to look again, if something was begun or the thing is on its way to another state."""
    if thing.state in CHANGING or response.status_code in (201, 202):
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _wanted_seconds(call: Call) -> float:
    """Return how long the client waits: by the parameter, or else as it prefers."""
    given = call.given.get(WAIT.name)
    if given is None:
        preferred = _PREFERENCE.search(call.environ.get("HTTP_PREFER", ""))
        given = preferred[1] if preferred else "0"
    return min(float(given), MAX_WAIT_SECONDS)


class _Wait:
    """One request that waits."""

    def __init__(self, call: Call, seconds: float, thing: tuple[str, str]) -> None:
        self._call = call
        self._room: WaitingRoom = current_app.extensions["deltacloud_images"].waiting_room
        self._ticket: Ticket | None = call.environ.get(TICKET)
        authorization = call.environ.get("HTTP_AUTHORIZATION", "")
        self._key = (call.driver_name, call.provider or "", authorization, *thing)
        self._until = time.monotonic() + seconds
        self._looks = 0
        if self._ticket is not None:
            self._until = self._ticket.begin_wait(self._until)
            self._looks = self._ticket.looks

    def until_settled(self, find: Callable[[Catalog], Found]) -> Found:
        self._take_place()
        try:
            thing = self._look(find)
            while self._has_place and thing.state in CHANGING and self._left() > 0:
                self._pause()
                thing = self._look(find)
        except Parked:
            raise
        except BaseException:
            self._give_place_back()
            raise
        self._give_place_back()
        return thing

    def _take_place(self) -> None:
        self._has_place = (self._ticket is not None and self._ticket.has_place) or self._room.enter()
        if self._ticket is not None:
            self._ticket.has_place = self._has_place

    def _give_place_back(self) -> None:
        if self._has_place:
            self._room.leave()

    def _look(self, find: Callable[[Catalog], Found]) -> Found:
        def ask() -> Found:
            with self._call.catalog() as catalog:
                return find(catalog)

        max_age = _PAUSES[min(self._looks, len(_PAUSES) - 1)] / 2
        return self._room.look(self._key, max_age, ask)

    def _left(self) -> float:
        until = self._until if self._ticket is None else self._ticket.waits_until
        return until - time.monotonic()

    def _pause(self) -> None:
        """Pause before the next look: with a ticket, without a thread."""
        pause = min(_PAUSES[min(self._looks, len(_PAUSES) - 1)], max(self._left(), 0.0))
        if self._ticket is not None:
            self._ticket.pause(pause)
            raise Parked
        self._looks += 1
        limits = current_app.extensions["deltacloud_images"].settings.server
        self._call.deadline.sleep(pause)
        self._call.deadline = _new_deadline(self._call.environ, limits.backend_timeout_seconds)


def _new_deadline(environ: Mapping[str, Any], seconds: float) -> Deadline:
    return Deadline(seconds, abandoned=disconnected(environ))
