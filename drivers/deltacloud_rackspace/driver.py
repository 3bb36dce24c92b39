"""The Rackspace driver: its regions, and logins at Rackspace's identity service."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from deltacloud_images.driver import Credentials, Session
from deltacloud_images.errors import DeltacloudError
from deltacloud_images.kit.deadline import Deadline
from deltacloud_openstack.config import ProviderSettings
from deltacloud_openstack.driver import NovaDriver
from deltacloud_rackspace.config import RackspaceSettings

if TYPE_CHECKING:
    from deltacloud_openstack.identity import Login


class RackspaceDriver(NovaDriver[RackspaceSettings]):
    """Next-generation Cloud Servers and Cloud Images. Each provider is a region."""

    title = "Rackspace"
    settings_type = RackspaceSettings
    credential_names = ("username", "API key or password")

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> Session:
        """Return a session on the caller's pooled account; nothing is sent yet."""
        from deltacloud_openstack.cloud import Cloud
        from deltacloud_rackspace.session import RackspaceSession

        return RackspaceSession(Cloud(self.lease(credentials, provider)), self.clouds[provider].region)

    def translate(self, error: Exception) -> DeltacloudError | None:
        """Return an error's meaning by the tables in ``errors``."""
        from deltacloud_rackspace import errors

        return errors.translate(error)

    def clouds_of(self, settings: RackspaceSettings) -> Mapping[str, ProviderSettings]:
        """Return the regions as OpenStack clouds."""
        return {
            name: ProviderSettings(
                auth_url=each.identity_url,
                region=each.region or name,
                interface=each.interface,
                verify_tls=each.verify_tls,
                ca_file=each.ca_file,
            )
            for name, each in settings.providers.items()
        }

    def login(self, cloud: ProviderSettings, credentials: Credentials) -> "Login":
        """Return Rackspace's login, by API key or password."""
        from deltacloud_rackspace.identity import login

        return login(cloud, credentials)
