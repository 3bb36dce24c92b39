"""What an engine's refusals, and the failures on the way to it, mean to a client: tables."""

from deltacloud_images.errors import (
    AuthenticationFailure,
    Conflict,
    DeltacloudError,
    Forbidden,
    ObjectNotFound,
    ProviderError,
    ProviderTimeout,
    ValidationFailure,
    refused,
    throttled,
)
from deltacloud_images.kit.values import message

#: The reason of a fault for what the engine understood and would not do: it is in use, locked or in a wrong state.
OPERATION_FAILED = "Operation Failed"

# RHEV-M 3.1 says 400 both for what is wrong in itself and for what is impossible now; later engines say 409 for that.
_REFUSALS: dict[tuple[int, str], type[DeltacloudError]] = {(400, OPERATION_FAILED): Conflict}
#: What the engine says to users without an administrator's role who ask for more than they have permissions for.
#: Source: ``QueriesCommandBase`` in oVirt's ovirt-engine.
_QUERY_NOT_PERMITTED = "insufficient permissions"
#: What it says where the user may see something, but not do that with it: ``USER_NOT_AUTHORIZED_TO_PERFORM_ACTION``.
_ACTION_NOT_PERMITTED = "not authorized to perform this action"
_STATUSES: dict[int, type[DeltacloudError]] = {
    400: ValidationFailure,
    401: AuthenticationFailure,
    403: Forbidden,
    404: ObjectNotFound,
    408: ProviderTimeout,
    409: Conflict,
    504: ProviderTimeout,
}
_PERMISSION_STATUSES = (400, 403, 409)


class EngineFault(Exception):
    """An answer of the engine that is no success: its status, and the ``fault`` in it if there is one."""

    def __init__(self, status: int, reason: str = "", detail: str = "", retry_after: float | None = None) -> None:
        """``detail`` is for people; older engines put it in brackets."""
        super().__init__(status, reason, detail)
        self.status = status
        self.reason = reason
        self.detail = detail.strip().strip("[]")
        self.retry_after = retry_after

    @property
    def is_unfiltered_query(self) -> bool:
        """Whether the user may ask only for what the user has permissions for. The engine has done nothing then."""
        return self.status in _PERMISSION_STATUSES and _QUERY_NOT_PERMITTED in self.detail.lower()

    @property
    def is_permission(self) -> bool:
        """Whether the user lacks a permission, which engines say with one of several statuses."""
        not_permitted = _ACTION_NOT_PERMITTED in self.detail.lower()
        return self.is_unfiltered_query or (self.status in _PERMISSION_STATUSES and not_permitted)


class StrangeAnswer(Exception):
    """The engine answered with success, but not with what its API promises; the text says what came instead."""


def translate(error: Exception) -> DeltacloudError | None:
    """The meaning of an error; ``None`` where it is not the engine's."""
    if isinstance(error, EngineFault):
        if error.status == 429 or (error.status == 503 and error.retry_after is not None):
            return throttled("RHEV-M", error.retry_after)
        if error.is_permission:
            return refused("The engine", message(error.detail))
        meaning = _REFUSALS.get((error.status, error.reason)) or _STATUSES.get(error.status, ProviderError)
        return meaning(_message(error))
    return ProviderError(str(error)) if isinstance(error, StrangeAnswer) else None


def _message(fault: EngineFault) -> str:
    if fault.status == 401:
        return (
            "The engine did not accept this user and password. The user is written user@domain: admin@internal,"
            " or admin@ovirt@internalsso where oVirt 4.5 or later has Keycloak."
        )
    said = message(fault.detail or fault.reason)
    if fault.status < 500:
        return f"The engine refuses: {said}" if said else f"The engine refuses, with status {fault.status}."
    return f"The engine failed with status {fault.status}{f': {said}' if said else '.'}"
