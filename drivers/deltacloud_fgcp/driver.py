"""The FGCP driver: its regions, its users' certificates and the accounts that it keeps."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deltacloud_fgcp import convert
from deltacloud_fgcp.config import FgcpSettings
from deltacloud_images.driver import KEY_CAPABILITIES, Capability, Credentials, Driver, Provider, Session
from deltacloud_images.errors import DeltacloudError, ValidationFailure
from deltacloud_images.features import IMAGE_DESCRIPTION, IMAGE_NAME, OWNER_ID, REALM_FILTER, USER_NAME
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.kit.pool import Pool

if TYPE_CHECKING:
    from deltacloud_fgcp.client import Account
    from deltacloud_fgcp.identity import Identity

# The TLS context of each account holds the authorities to trust: 0.8 MB where they are certifi's.
_MAX_ACCOUNTS = 64
_ACCOUNT_SECONDS = 600.0


class FgcpDriver(Driver[FgcpSettings]):
    """Fujitsu Global Cloud Platform."""

    title = "FGCP"
    settings_type = FgcpSettings
    capabilities = frozenset(Capability) - {Capability.REBOOT_INSTANCE} - KEY_CAPABILITIES
    features = (OWNER_ID, IMAGE_NAME, IMAGE_DESCRIPTION, USER_NAME, REALM_FILTER)
    states = convert.STATES
    requires_provider = False
    requires = ("cryptography", "lxml")
    credential_names = ("certificate folder", "passphrase")

    def __init__(self, settings: FgcpSettings) -> None:
        """Take the settings; certificates are opened by the requests of their users."""
        super().__init__(settings)
        self._directory = Path(settings.certificates).expanduser()
        self._accounts: Pool[Account] = Pool(
            size=_MAX_ACCOUNTS, seconds=_ACCOUNT_SECONDS, close=lambda account: account.client.close()
        )

    @property
    def default_provider(self) -> str | None:
        """The configured region, or the only one; ``None``: the user's certificate decides."""
        regions = self.settings.providers
        return self.settings.default_provider or (next(iter(regions)) if len(regions) == 1 else None)

    def providers(self) -> Sequence[Provider]:
        """Return the regions."""
        return [Provider(name, {"api": provider.url}) for name, provider in self.settings.providers.items()]

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> Session:
        """Return a session; raise ``AuthenticationFailure`` unless the passphrase opens that user's certificate."""
        from deltacloud_fgcp import identity
        from deltacloud_fgcp.session import FgcpSession

        path, version = identity.find(self._directory, credentials.user)
        lease = self._accounts.lease(
            (provider, credentials.user, credentials.password, version),
            lambda: self._open(identity.load(path, credentials.password), provider),
        )
        return FgcpSession(lease, self.settings.parallel_calls)

    def translate(self, error: Exception) -> DeltacloudError | None:
        """Return the meaning that the tables in ``errors`` give."""
        from deltacloud_fgcp import errors

        return errors.translate(error)

    def close(self) -> None:
        """Close all connections and forget all certificates."""
        self._accounts.close()

    def _open(self, identity: "Identity", provider: str) -> "Account":
        from deltacloud_fgcp.client import Account, Client

        region = provider or identity.region
        if region not in self.settings.providers:
            regions = ", ".join(self.settings.providers)
            raise ValidationFailure(f"The certificate's country is no region: choose a provider of {regions}.")
        return Account(Client(identity, self.settings.providers[region]))
