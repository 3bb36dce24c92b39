"""When a request is sent again: botocore's own modes would repeat creates, and know no limit of time."""

from __future__ import annotations

import random
import time
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
)
from urllib3.exceptions import HTTPError

from deltacloud_ec2.errors import THROTTLED, code_of, is_untrusted

_MOST_ATTEMPTS = 5
_FIRST_DELAY_SECONDS = 0.25
_SERVER_TROUBLE = (500, 502, 503, 504)
#: The request never reached the cloud.
_NOT_SENT = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)
#: Operations that change nothing.
_READS = ("Describe", "Get")


class Retries:
    """Gives every call ``timeout_seconds`` for all its attempts.

    A refusal because of too many requests and a connection that was never made are repeated for any operation, other
    trouble only for reads: a create that may have happened is never sent twice.
    """

    def __init__(self, timeout_seconds: float) -> None:
        """A new attempt starts only within that time."""
        self._timeout = timeout_seconds

    def deadline(self) -> float:
        """By the monotonic clock, when the last attempt of a call that begins now has to start."""
        return time.monotonic() + self._timeout

    def delay(self, operation: str, attempts: int, deadline: float, error: Exception) -> float | None:
        """The seconds to wait before the next attempt, growing and jittered; ``None``: give up."""
        if attempts >= _MOST_ATTEMPTS or not _is_repeatable(operation, error):
            return None
        delay = random.uniform(0.5, 1) * _FIRST_DELAY_SECONDS * 2 ** (attempts - 1)
        return delay if time.monotonic() + delay < deadline else None

    def register(self, client: Any) -> None:
        """Take over from a client's own retries, which its configuration has limited to one attempt."""
        client.meta.events.register("before-call", self._begin)
        client.meta.events.register("needs-retry", self._needs_retry)

    def _begin(self, context: dict[str, Any], **_: Any) -> None:
        context["deadline"] = self.deadline()

    def _needs_retry(
        self,
        operation: Any,
        attempts: int,
        request_dict: dict[str, Any],
        response: tuple[Any, Any] | None = None,
        caught_exception: Exception | None = None,
        **_: Any,
    ) -> float | None:
        error = caught_exception
        if response is not None and response[0].status_code >= 300:
            error = ClientError(response[1], operation.name)
        deadline = request_dict["context"]["deadline"]
        return self.delay(operation.name, attempts, deadline, error) if error else None


def _is_repeatable(operation: str, error: Exception) -> bool:
    reads = operation.startswith(_READS)
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return code_of(error) in THROTTLED or (reads and status in _SERVER_TROUBLE)
    if is_untrusted(error):
        return False
    return isinstance(error, _NOT_SENT) or (reads and isinstance(error, BotoCoreError | HTTPError))
