"""The meaning of LXD's errors: one table from its codes, which are HTTP's, to the server's errors."""

from collections.abc import Callable, Mapping
from typing import Any

from deltacloud_images.errors import (
    AuthenticationFailure,
    Conflict,
    DeltacloudError,
    ObjectNotFound,
    ProviderError,
    ProviderTimeout,
    ValidationFailure,
    refused,
    throttled,
)
from deltacloud_images.kit import values
from deltacloud_images.kit.transport import Response

FORBIDDEN = 403
NOT_FOUND = 404
INTERNAL_ERROR = 500

_MEANINGS: dict[int, Callable[[str], DeltacloudError]] = {
    400: ValidationFailure,
    401: AuthenticationFailure,
    FORBIDDEN: lambda message: refused("LXD", message),
    NOT_FOUND: ObjectNotFound,
    409: Conflict,
    412: Conflict,  # the object has changed meanwhile; clients of Deltacloud know no 412
    423: Conflict,
    504: ProviderTimeout,
}


class LxdError(Exception):
    """A refusal by LXD: its code, and its sentence on one line."""

    def __init__(self, code: int, sentence: str) -> None:
        """Take both from LXD's response."""
        super().__init__(code, sentence)
        self.code = code
        self.sentence = sentence


class OperationFailed(ProviderError):
    """An operation that LXD had begun has failed; the message ends with LXD's sentence."""


def failure(response: Response) -> Exception:
    """Return the error of a response whose status is not that of a success."""
    if response.status == 429 or (response.status == 503 and response.retry_after is not None):
        return throttled("LXD", response.retry_after)
    if response.status < 400:
        return ProviderError(f"LXD's response has the HTTP status {response.status}.")
    return LxdError(response.status, _sentence(response))


def refusal(document: Mapping[str, Any]) -> LxdError:
    """Return the error that a document describes although its HTTP status is that of a success."""
    return LxdError(values.integer(document.get("error_code")), values.message(document.get("error")))


def translate(error: Exception) -> DeltacloudError | None:
    """Return the meaning of an error of LXD; ``None`` for errors of others."""
    if not isinstance(error, LxdError):
        return None
    meaning = _MEANINGS.get(error.code, ProviderError)
    return meaning(f"{error.sentence or f'the HTTP status is {error.code}'} (LXD)")


def _sentence(response: Response) -> str:
    try:
        return values.message(values.json_object(response.body).get("error"))
    except ProviderError:  # the page of a proxy
        return ""
