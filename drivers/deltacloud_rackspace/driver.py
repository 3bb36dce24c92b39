"""The Rackspace driver: its regions, and logins at Rackspace's identity service."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from deltacloud_images.driver import Credentials, Session
from deltacloud_images.errors import DeltacloudError
from deltacloud_images.kit.deadline import Deadline
from deltacloud_openstack import OpenStackDriver
from deltacloud_openstack.config import ProviderSettings
from deltacloud_rackspace.config import RackspaceSettings, RegionSettings

if TYPE_CHECKING:
    from deltacloud_openstack.identity import Login


class RackspaceDriver(OpenStackDriver):
    """Next-generation Cloud Servers and Cloud Images. Each provider is a region."""

    title = "Rackspace"
    settings_type = RackspaceSettings
    credential_names = ("username", "API key or password")

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> Session:
        """A session on the account's pooled login; nothing is sent yet."""
        from deltacloud_rackspace.session import RackspaceSession

        return RackspaceSession(self._account(credentials, provider), deadline.seconds)

    def translate(self, error: Exception) -> DeltacloudError | None:
        """By the tables in ``errors``."""
        from deltacloud_rackspace import errors

        return errors.translate(error)

    def _clouds(self) -> Mapping[str, ProviderSettings]:
        regions: Mapping[str, RegionSettings] = self.settings.providers
        return {
            name: ProviderSettings(
                auth_url=each.identity_url,
                region=each.region or name,
                interface=each.interface,
                verify_tls=each.verify_tls,
                ca_file=each.ca_file,
            )
            for name, each in regions.items()
        }

    def _login(self, cloud: ProviderSettings, credentials: Credentials) -> "Login":
        from deltacloud_rackspace.identity import login

        return login(cloud, credentials)
