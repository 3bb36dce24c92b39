"""What the vCenter's faults mean to a client: one table."""

from pyVmomi import vmodl

from deltacloud_images.errors import (
    AuthenticationFailure,
    Conflict,
    DeltacloudError,
    NotSupported,
    ObjectNotFound,
    ProviderError,
    ValidationFailure,
    refused,
)
from deltacloud_images.kit.values import message

_CONFLICT = (Conflict, "vSphere cannot do that now: {}.")
_INVALID = (ValidationFailure, "vSphere does not accept a value: {}.")
#: By the fault's name in the API; a fault means what the nearest of its ancestors means.
_FAULTS: dict[str, tuple[type[DeltacloudError], str]] = {
    "InvalidLogin": (AuthenticationFailure, "vSphere does not accept this user and password."),
    "NotAuthenticated": (AuthenticationFailure, "vSphere has ended the session."),
    "ManagedObjectNotFound": (ObjectNotFound, "vSphere no longer has that object."),
    "InvalidPowerState": (Conflict, "The virtual machine's power state does not permit this."),
    "TaskInProgress": (Conflict, "vSphere is busy with another task on that object."),
    "DuplicateName": (Conflict, "The folder already has an object of that name."),
    "ConcurrentAccess": _CONFLICT,
    "FileLocked": _CONFLICT,
    "HostNotConnected": _CONFLICT,
    "InsufficientResourcesFault": _CONFLICT,
    "InvalidDatastore": _CONFLICT,
    "InvalidHostState": _CONFLICT,
    "InvalidState": _CONFLICT,
    "MethodDisabled": _CONFLICT,
    "NoCompatibleHost": _CONFLICT,
    "NoDiskSpace": _CONFLICT,
    "QuestionPending": _CONFLICT,
    "ResourceInUse": _CONFLICT,
    "ToolsUnavailable": _CONFLICT,
    "InvalidArgument": _INVALID,
    "InvalidName": _INVALID,
    "NotSupported": (NotSupported, "vSphere does not support that here: {}."),
}


def translate(error: Exception) -> DeltacloudError | None:
    """Return the meaning of a fault; ``None`` for any other error."""
    if not isinstance(error, vmodl.MethodFault):
        return None
    names = [vars(each).get("_wsdlName", "") for each in type(error).__mro__]
    detail = f"{message(getattr(error, 'msg', '')).rstrip('.') or names[0]} ({names[0]})"
    for name in names:
        if name == "NoPermission":
            return refused("vSphere", detail)
        if name in _FAULTS:
            meaning, text = _FAULTS[name]
            return meaning(text.format(detail))
    return ProviderError(f"vSphere failed: {detail}.")
