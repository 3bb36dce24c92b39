"""What an engine's refusals, and the failures on the way to it, mean to a client: tables."""

import requests
import urllib3
from lxml import etree

from deltacloud_images.errors import (
    AuthenticationFailure,
    Conflict,
    DeltacloudError,
    Forbidden,
    ObjectNotFound,
    ProviderError,
    ProviderTimeout,
    ValidationFailure,
)

#: The reason of a fault for what the engine understood and would not do: it is in use, locked or in a wrong state.
OPERATION_FAILED = "Operation Failed"

# RHEV-M 3.1 says 400 both for what is wrong in itself and for what is impossible now; later engines say 409 for that.
_REFUSALS: dict[tuple[int, str], type[DeltacloudError]] = {(400, OPERATION_FAILED): Conflict}
_STATUSES: dict[int, type[DeltacloudError]] = {
    400: ValidationFailure,
    401: AuthenticationFailure,
    403: Forbidden,
    404: ObjectNotFound,
    408: ProviderTimeout,
    409: Conflict,
    504: ProviderTimeout,
}
_FAILURES: tuple[tuple[type[Exception], type[DeltacloudError], str], ...] = (
    (requests.Timeout, ProviderTimeout, "The engine did not answer in time."),
    (urllib3.exceptions.TimeoutError, ProviderTimeout, "The engine did not answer in time."),
    (requests.exceptions.SSLError, ProviderError, "The engine's certificate is not trusted, or TLS with it failed."),
    (requests.RequestException, ProviderError, "The connection to the engine failed."),
    (urllib3.exceptions.HTTPError, ProviderError, "The connection to the engine was lost."),
    (etree.XMLSyntaxError, ProviderError, "The engine's answer is not XML."),
)


class EngineFault(Exception):
    """An answer of the engine that is no success: its status, and the ``fault`` in it if there is one."""

    def __init__(self, status: int, reason: str = "", detail: str = "") -> None:
        """``detail`` is for people; older engines put it in brackets."""
        super().__init__(status, reason, detail)
        self.status = status
        self.reason = reason
        self.detail = detail.strip().strip("[]")


class StrangeAnswer(Exception):
    """The engine answered with success, but not with what its API promises; the text says what came instead."""


def translate(error: Exception) -> DeltacloudError | None:
    """The meaning of an error; ``None`` where it is not the engine's."""
    if isinstance(error, EngineFault):
        meaning = _REFUSALS.get((error.status, error.reason)) or _STATUSES.get(error.status, ProviderError)
        return meaning(_message(error))
    if isinstance(error, StrangeAnswer):
        return ProviderError(str(error))
    for kind, meaning, message in _FAILURES:
        if isinstance(error, kind):
            return meaning(message)
    return None


def _message(fault: EngineFault) -> str:
    if fault.status == 401:
        return "The engine did not accept this user and password; the user is written user@domain."
    said = fault.detail or fault.reason
    if fault.status < 500:
        return f"The engine refuses: {said}" if said else f"The engine refuses, with status {fault.status}."
    return f"The engine failed with status {fault.status}{f': {said}' if said else '.'}"
