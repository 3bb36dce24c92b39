"""The FGCP driver: its regions, its users' certificates and the accounts that it keeps."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deltacloud_fgcp import convert
from deltacloud_fgcp.config import FgcpSettings
from deltacloud_fgcp.pool import Pool
from deltacloud_images.driver import (
    IMAGE_DESCRIPTION,
    IMAGE_NAME,
    OWNER_ID,
    REALM_FILTER,
    USER_NAME,
    Capability,
    Credentials,
    Driver,
    Provider,
    Session,
)
from deltacloud_images.errors import DeltacloudError, ValidationFailure
from deltacloud_images.kit.deadline import Deadline

if TYPE_CHECKING:
    from deltacloud_fgcp.client import Client
    from deltacloud_fgcp.identity import Identity


class FgcpDriver(Driver[FgcpSettings]):
    """Fujitsu Global Cloud Platform."""

    title = "FGCP"
    settings_type = FgcpSettings
    capabilities = frozenset(Capability) - {Capability.REBOOT_INSTANCE}
    features = (OWNER_ID, IMAGE_NAME, IMAGE_DESCRIPTION, USER_NAME, REALM_FILTER)
    states = convert.STATES
    requires_provider = False
    requires = ("cryptography", "lxml", "urllib3")
    credential_names = ("certificate folder", "passphrase")

    def __init__(self, settings: FgcpSettings) -> None:
        """Raises ``ConfigurationError`` for a default region or a file of authorities that there is not."""
        super().__init__(settings)
        self._directory = Path(settings.certificates).expanduser()
        self._pool = Pool()

    @property
    def default_provider(self) -> str | None:
        """The configured one, or the only one; else the certificate decides."""
        settings: FgcpSettings = self.settings
        only = next(iter(settings.providers)) if len(settings.providers) == 1 else None
        return settings.default_provider or only

    def providers(self) -> Sequence[Provider]:
        """The regions."""
        settings: FgcpSettings = self.settings
        return [Provider(name, {"api": provider.url}) for name, provider in settings.providers.items()]

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> Session:
        """A session; raises ``AuthenticationFailure`` unless the passphrase opens the certificate of that name."""
        from deltacloud_fgcp import identity
        from deltacloud_fgcp.session import FgcpSession

        path, version = identity.find(self._directory, credentials.user)
        account = self._pool.account(
            (credentials.user, credentials.password, version, provider or ""),
            lambda: self._client(identity.load(path, credentials.password), provider),
        )
        return FgcpSession(account, deadline.seconds, self.settings.parallel_calls)

    def translate(self, error: Exception) -> DeltacloudError | None:
        """By the tables in ``errors``."""
        from deltacloud_fgcp import errors

        return errors.translate(error)

    def close(self) -> None:
        """Forget all certificates."""
        self._pool.clear()

    def _client(self, owner: "Identity", provider: str | None) -> "Client":
        from deltacloud_fgcp.client import Client

        settings: FgcpSettings = self.settings
        region = provider or owner.region
        if region not in settings.providers:
            raise ValidationFailure(
                f"Which region? The certificate's country tells none: name one of {', '.join(settings.providers)}."
            )
        return Client(owner, settings.providers[region], settings.parallel_calls)
