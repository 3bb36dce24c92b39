"""When a request is sent again: botocore's own modes would repeat creates, and know no limit of time."""

import random
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError

from deltacloud_ec2.errors import THROTTLED

_MOST_ATTEMPTS = 5
_FIRST_DELAY_SECONDS = 0.25
_SERVER_TROUBLE = (500, 502, 503, 504)
#: The request never reached the cloud.
_NOT_SENT = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)
#: Operations that change nothing.
_READS = ("Describe", "Get")


class Retries:
    """Handlers of a client's events, which give every call ``timeout_seconds`` for all its attempts.

    A refusal because of too many requests and a connection that was never made are repeated for any operation, other
    trouble only for reads: a create that may have happened is never sent twice.
    """

    def __init__(self, timeout_seconds: float) -> None:
        """A new attempt starts only within that time."""
        self._timeout = timeout_seconds

    def register(self, client: Any) -> None:
        """Take over from the client's own retries, which its configuration has limited to one attempt."""
        client.meta.events.register("before-call", self._begin)
        client.meta.events.register("needs-retry", self._delay)

    def _begin(self, context: dict[str, Any], **_: Any) -> None:
        context["deadline"] = time.monotonic() + self._timeout

    def _delay(
        self,
        operation: Any,
        attempts: int,
        request_dict: dict[str, Any],
        response: tuple[Any, dict[str, Any]] | None = None,
        caught_exception: Exception | None = None,
        **_: Any,
    ) -> float | None:
        """The seconds to wait before the next attempt, growing and jittered; ``None``: give up."""
        if attempts >= _MOST_ATTEMPTS or not _repeatable(operation.name, response, caught_exception):
            return None
        delay = random.uniform(0.5, 1) * _FIRST_DELAY_SECONDS * 2 ** (attempts - 1)
        return delay if time.monotonic() + delay < request_dict["context"]["deadline"] else None


def _repeatable(operation: str, response: tuple[Any, dict[str, Any]] | None, error: Exception | None) -> bool:
    reads = operation.startswith(_READS)
    if response is None:
        return isinstance(error, _NOT_SENT) or (reads and isinstance(error, BotoCoreError))
    code = response[1].get("Error", {}).get("Code", "")
    return code in THROTTLED or (reads and response[0].status_code in _SERVER_TROUBLE)
