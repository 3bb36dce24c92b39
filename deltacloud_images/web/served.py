"""What is known of a request when its response is complete, for the log and the metrics."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from flask import Request, Response, current_app

from deltacloud_images.kit.tally import Tally
from deltacloud_images.web.call import Call

#: The operation of a request that matched no route.
NO_OPERATION = "none"


@dataclass(slots=True)
class Served:
    """One request and its response. ``seconds`` is how long it took, ``size`` the bytes of its body."""

    method: str
    path: str
    operation: str
    status: int
    seconds: float
    size: int
    request_id: str
    client: str
    driver: str
    provider: str
    user: str
    traceparent: str
    tally: Tally


def observe_when_complete(
    call: Call, request: Request, response: Response, observers: Sequence[Callable[[Served], None]]
) -> None:
    """Call the observers: at once if the whole body is known, otherwise when the stream has ended."""
    operation = _operation(request)
    environ = call.environ

    def observe(size: int) -> None:
        served = Served(
            method=request_method,
            path=call.path,
            operation=operation,
            status=response.status_code,
            seconds=time.monotonic() - call.started,
            size=size,
            request_id=call.request_id,
            client=environ.get("REMOTE_ADDR") or "",
            driver=call.driver_name,
            provider=call.provider or "",
            user=call.user,
            traceparent=environ.get("HTTP_TRACEPARENT", ""),
            tally=call.deadline.tally,
        )
        for each in observers:
            each(served)

    request_method = request.method
    if request_method == "HEAD":
        observe(0)
    elif response.is_streamed:
        pieces = _Counted(cast("Iterable[bytes]", response.response))
        response.response = pieces
        response.call_on_close(lambda: observe(pieces.size))
    else:
        observe(sum(map(len, cast("list[bytes]", response.response))))


class _Counted:
    """Pieces of a body, with the bytes of those that were sent."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size += len(piece)
            yield piece

    def close(self) -> None:
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()


def _operation(request: Request) -> str:
    if request.url_rule is None:
        return NO_OPERATION
    view = current_app.view_functions[request.url_rule.endpoint]
    return cast(str, getattr(getattr(view, "operation", None), "name", NO_OPERATION))
