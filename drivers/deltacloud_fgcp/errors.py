"""The meaning of FGCP's failures: one table for each kind of code."""

from deltacloud_images.errors import (
    AuthenticationFailure,
    Conflict,
    DeltacloudError,
    NotSupported,
    ObjectNotFound,
    ProviderError,
    ProviderTimeout,
    refused,
    throttled,
)
from deltacloud_images.kit.transport import Response
from deltacloud_images.kit.values import message

#: FGCP's statuses for an id that it does not know; the first one also for a clock that is wrong.
WRONG_VALUE = "VALIDATION_ERROR"
NOT_FOUND = "RESOURCE_NOT_FOUND"
_NOT_PERMITTED = "ACCESS_NOT_PERMIT"

# FGCP's ``responseStatus``, as Apache Deltacloud's and jclouds' drivers know them. None of them names a quota.
_STATUSES: dict[str, tuple[type[DeltacloudError], str]] = {
    WRONG_VALUE: (ProviderError, "FGCP refuses the call itself; it does so where this server's clock is wrong"),
    NOT_FOUND: (ObjectNotFound, "FGCP does not find it"),
    "NEVER_BOOTED": (Conflict, "The server has to be started once before"),
    "ILLEGAL_STATE": (Conflict, "The state does not permit it now"),
    "ALREADY_STARTED": (Conflict, "It is running already"),
    "ALREADY_STOPPED": (Conflict, "It is stopped already"),
    "SERVER_NAME_ALREADY_EXISTS": (Conflict, "There is a server of that name"),
    "NOTFOUND": (NotSupported, "This region does not have that call"),
}
# The one failure that only its text names: the certificate is another region's, or no longer any user's. FGCP adds the
# key that it searched by.
_UNKNOWN_USER = "User not found in selectData."
_HTTP: dict[int, type[DeltacloudError]] = {401: AuthenticationFailure, 504: ProviderTimeout}


class FgcpError(Exception):
    """A response whose ``status`` (``responseStatus``) is not SUCCESS, with FGCP's ``text``."""

    def __init__(self, status: str, text: str) -> None:
        """Take both as FGCP wrote them; they are kept on one line and bounded."""
        self.status = message(status)
        self.text = message(text)
        super().__init__(self.status, self.text)


class UnexpectedResponse(Exception):
    """A response that is not one of FGCP's API: its HTTP status is not 200, or its document is of another kind."""

    def __init__(self, response: Response) -> None:
        """Take the response."""
        super().__init__(response.status)
        self.status = response.status
        self.retry_after = response.retry_after


def translate(error: Exception) -> DeltacloudError | None:
    """Return the meaning of an error; ``None`` where it is not FGCP's."""
    if isinstance(error, FgcpError):
        return _translate_status(error)
    return _translate_http(error) if isinstance(error, UnexpectedResponse) else None


def _translate_status(error: FgcpError) -> DeltacloudError:
    response = f"{error.status}: {error.text}"
    if error.status == _NOT_PERMITTED:
        return refused("FGCP", response)
    if error.text.startswith(_UNKNOWN_USER):
        return AuthenticationFailure(f"This region does not know the certificate. FGCP's response is {response}")
    meaning, words = _STATUSES.get(error.status, (ProviderError, "FGCP failed"))
    return meaning(f"{words}. FGCP's response is {response}")


def _translate_http(error: UnexpectedResponse) -> DeltacloudError:
    if error.status == 429 or (error.status == 503 and error.retry_after is not None):
        return throttled("FGCP", error.retry_after)
    if error.status == 403:
        return refused("FGCP", "the HTTP status is 403.")
    meaning = _HTTP.get(error.status, ProviderError)
    return meaning(f"FGCP's response has HTTP status {error.status} and is not one of its API.")
