"""The Acme driver: its providers, and the logins that it keeps."""

from collections.abc import Sequence

from deltacloud_acme import errors
from deltacloud_acme.config import AcmeSettings
from deltacloud_acme.login import Login
from deltacloud_acme.session import AcmeSession
from deltacloud_images.driver import Capability, Credentials, Driver, Provider
from deltacloud_images.errors import DeltacloudError
from deltacloud_images.features import OWNER_ID
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.kit.pool import Pool
from deltacloud_images.kit.transport import Transport
from deltacloud_images.models import StateMachine, Transition


class AcmeDriver(Driver[AcmeSettings]):
    """A small cloud with a JSON API, whose images can be listed and destroyed."""

    title = "Acme"
    settings_type = AcmeSettings
    capabilities = frozenset({Capability.IMAGES, Capability.DESTROY_IMAGE})
    features = (OWNER_ID,)
    states = StateMachine(Transition("start", "running"), Transition("running", "finish", "destroy"))

    def __init__(self, settings: AcmeSettings) -> None:
        """Take the settings; nothing is opened yet."""
        super().__init__(settings)
        self._transports = {
            name: Transport(self.title, verify_tls=each.verify_tls, ca_file=each.ca_file)
            for name, each in settings.providers.items()
        }
        self._logins = Pool(size=256, seconds=3600, idle_seconds=600, close=Login.end)

    def providers(self) -> Sequence[Provider]:
        """Return the configured providers."""
        return [Provider(name, {"api": each.url}) for name, each in self.settings.providers.items()]

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> AcmeSession:
        """Return a session. The caller's login is that of an earlier request, if the pool has it."""
        transport, url = self._transports[provider], self.settings.providers[provider].url
        caller = (provider, credentials.user, credentials.password)
        lease = self._logins.lease(caller, lambda: Login(transport, url, credentials))
        return AcmeSession(lease, credentials.user)

    def translate(self, error: Exception) -> DeltacloudError | None:
        """Return the meaning of Acme's errors."""
        return errors.translate(error)

    def close(self) -> None:
        """Log all callers out, and close the connections."""
        self._logins.close()
        for transport in self._transports.values():
            transport.close()
