"""What the vCenter's faults, and the failures on the way to it, mean to a client: two tables."""

from pyVmomi import vmodl
from urllib3 import exceptions

from deltacloud_images.errors import (
    AuthenticationFailure,
    Conflict,
    DeltacloudError,
    Forbidden,
    ObjectNotFound,
    ProviderError,
    ProviderTimeout,
)
from deltacloud_vsphere.soap import BadAnswer, UnexpectedStatus

#: By the fault's name in the API; a fault means what the nearest of its ancestors means.
_FAULTS: dict[str, tuple[type[DeltacloudError], str]] = {
    "InvalidLogin": (AuthenticationFailure, "vSphere does not accept this user and password."),
    "NotAuthenticated": (AuthenticationFailure, "vSphere has ended the session."),
    "NoPermission": (Forbidden, "This vSphere user may not do that."),
    "ManagedObjectNotFound": (ObjectNotFound, "vSphere no longer has that object."),
    "InvalidPowerState": (Conflict, "The virtual machine's power state does not permit this."),
    "TaskInProgress": (Conflict, "vSphere is busy with another task on that object."),
    "DuplicateName": (Conflict, "The folder already has an object of that name."),
}
#: What lies between the server and the vCenter; the first class that fits counts.
_WAY: tuple[tuple[type[Exception], type[DeltacloudError], str], ...] = (
    (exceptions.NewConnectionError, ProviderError, "vSphere refuses connections."),
    (exceptions.TimeoutError, ProviderTimeout, "vSphere did not answer in time."),
    (exceptions.SSLError, ProviderError, "There is no trusted TLS connection to vSphere: see the provider's ca_file."),
    (exceptions.HTTPError, ProviderError, "The connection to vSphere failed."),
    (UnexpectedStatus, ProviderError, "vSphere, or a proxy before it, answered with an HTTP error."),
    (BadAnswer, ProviderError, "vSphere answered something that makes no sense."),
)


def translate(error: Exception) -> DeltacloudError | None:
    """The meaning of an error; ``None`` where it is neither the vCenter's nor the connection's."""
    if isinstance(error, vmodl.MethodFault):
        return _fault(error)
    for kind, meaning, message in _WAY:
        if isinstance(error, kind):
            return meaning(message)
    return None


def _fault(error: Exception) -> DeltacloudError:
    names = [vars(each).get("_wsdlName", "") for each in type(error).__mro__]
    for name in names:
        if name in _FAULTS:
            meaning, message = _FAULTS[name]
            return meaning(message)
    return ProviderError(f"vSphere failed: {getattr(error, 'msg', '') or names[0]} ({names[0]}).")
