"""The vSphere driver: the configured vCenters and the sessions on them."""

import os
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

from deltacloud_images.driver import (
    HARDWARE_PROFILES,
    OWNER_ID,
    REALM_FILTER,
    USER_NAME,
    Capability,
    Credentials,
    Driver,
    Provider,
    Session,
)
from deltacloud_images.errors import DeltacloudError
from deltacloud_images.kit.deadline import Deadline
from deltacloud_vsphere import convert
from deltacloud_vsphere.config import VsphereSettings

if TYPE_CHECKING:
    from deltacloud_vsphere.places import Places


class VsphereDriver(Driver[VsphereSettings]):
    """The templates and virtual machines of the configured vCenters and ESX hosts."""

    title = "VMware vSphere"
    settings_type = VsphereSettings
    capabilities = frozenset(Capability)
    features = (OWNER_ID, USER_NAME, HARDWARE_PROFILES, REALM_FILTER)
    states = convert.STATES
    requires = ("pyVmomi", "urllib3")
    credential_names = ("vCenter user", "password")

    def __init__(self, settings: VsphereSettings) -> None:
        """Connects to nothing."""
        super().__init__(settings)
        self._configured = settings.providers
        self._places: Places | None = None
        self._process = 0
        self._lock = Lock()

    def providers(self) -> Sequence[Provider]:
        """Those of the configuration. Their hosts are the operator's affair."""
        return [Provider(name) for name in self._configured]

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> Session:
        """A session that logs in when it is first used."""
        from deltacloud_vsphere.session import VsphereSession

        lease = self._reach(deadline.seconds).lease(provider, credentials)
        return VsphereSession(lease, credentials.user, deadline.seconds, self.settings.task_wait_seconds)

    def translate(self, error: Exception) -> DeltacloudError | None:
        """By the tables in ``errors``."""
        from deltacloud_vsphere import errors

        return errors.translate(error)

    def close(self) -> None:
        """Log out of all vCenters."""
        with self._lock:
            places, self._places = self._places, None
        if places and self._process == os.getpid():
            places.close()

    def _reach(self, timeout_seconds: float) -> "Places":
        """The vCenters as this process reaches them: connections and sessions never cross a fork."""
        from deltacloud_vsphere.places import Places

        with self._lock:
            if self._places is None or self._process != os.getpid():
                self._places = Places(self.settings, timeout_seconds)
                self._process = os.getpid()
            return self._places
