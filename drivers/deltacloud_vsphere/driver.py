"""The vSphere driver: the configured vCenters and the sessions on them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deltacloud_images.driver import KEY_CAPABILITIES, Capability, Credentials, Driver, Provider, Session
from deltacloud_images.errors import DeltacloudError
from deltacloud_images.features import HARDWARE_PROFILES, OWNER_ID, REALM_FILTER, USER_DATA, USER_NAME
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.kit.pool import Pool
from deltacloud_images.kit.transport import Transport
from deltacloud_vsphere import convert
from deltacloud_vsphere.config import VsphereSettings

if TYPE_CHECKING:
    from deltacloud_vsphere.login import Login


class VsphereDriver(Driver[VsphereSettings]):
    """The templates and virtual machines of the configured vCenters and ESX hosts."""

    title = "VMware vSphere"
    settings_type = VsphereSettings
    capabilities = frozenset(Capability) - KEY_CAPABILITIES
    features = (OWNER_ID, USER_NAME, USER_DATA, HARDWARE_PROFILES, REALM_FILTER)
    states = convert.STATES
    requires = ("pyVmomi", "lxml")
    credential_names = ("vCenter user", "password")

    def __init__(self, settings: VsphereSettings) -> None:
        """Connect to nothing."""
        super().__init__(settings)
        self._transports = {
            name: Transport("vSphere", verify_tls=each.verify_tls, ca_file=each.ca_file)
            for name, each in settings.providers.items()
        }
        self._pool: Pool[Login] = Pool(
            size=settings.max_sessions,
            seconds=settings.session_max_seconds,
            idle_seconds=settings.session_idle_seconds,
            close=lambda login: login.log_out(),
        )

    def providers(self) -> Sequence[Provider]:
        """Return the configured providers. Their hosts are not shown to clients."""
        return [Provider(name) for name in self.settings.providers]

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> Session:
        """Return a session that logs in when it is first used."""
        from deltacloud_vsphere.login import log_in
        from deltacloud_vsphere.session import VsphereSession

        transport, settings = self._transports[provider], self.settings.providers[provider]
        caller = (provider, credentials.user, credentials.password)
        lease = self._pool.lease(caller, lambda: log_in(transport, settings, credentials))
        return VsphereSession(lease, credentials.user, self.settings.task_wait_seconds)

    def translate(self, error: Exception) -> DeltacloudError | None:
        """Return what a fault of the vCenter means, by the table in ``errors``."""
        from deltacloud_vsphere import errors

        return errors.translate(error)

    def close(self) -> None:
        """Log out of all vCenters, and close the connections."""
        self._pool.close()
        for each in self._transports.values():
            each.close()
