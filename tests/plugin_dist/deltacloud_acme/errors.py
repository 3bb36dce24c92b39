"""The meaning of Acme's errors: one table from its codes to the server's errors."""

from collections.abc import Callable

from deltacloud_images.errors import (
    AuthenticationFailure,
    Conflict,
    DeltacloudError,
    ObjectNotFound,
    ProviderError,
    quota_exhausted,
    refused,
    throttled,
)
from deltacloud_images.kit import values
from deltacloud_images.kit.transport import Response

SESSION_EXPIRED = "SESSION_EXPIRED"

_MEANINGS: dict[str, Callable[[str], DeltacloudError]] = {
    "WRONG_PASSWORD": AuthenticationFailure,
    SESSION_EXPIRED: AuthenticationFailure,
    "NOT_ALLOWED": lambda message: refused("Acme", message),
    "IMAGE_NOT_FOUND": ObjectNotFound,
    "IMAGE_PROTECTED": Conflict,
    "QUOTA_EXHAUSTED": lambda message: quota_exhausted("Acme", message),
}


class AcmeError(Exception):
    """A refusal by Acme: its code, and its message on one line."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


def failure(response: Response) -> Exception:
    """Return the error of a response with a status of 400 or above."""
    if response.status == 429:
        return throttled("Acme", response.retry_after)
    error = values.mapping(values.json_object(response.body).get("error"))
    return AcmeError(values.message(error.get("code")), values.message(error.get("message")))


def translate(error: Exception) -> DeltacloudError | None:
    """Return the meaning of an error of Acme; ``None`` for errors of others."""
    if isinstance(error, AcmeError):
        meaning = _MEANINGS.get(error.code, ProviderError)
        return meaning(f"{error.message or error.code} (Acme)")
    return None
