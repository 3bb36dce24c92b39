"""The RHEV-M driver: its engines and the accounts that are logged in to them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deltacloud_images.driver import (
    HARDWARE_PROFILES,
    IMAGE_DESCRIPTION,
    IMAGE_NAME,
    OWNER_ID,
    REALM_FILTER,
    USER_DATA,
    USER_NAME,
    Capability,
    Credentials,
    Driver,
    Provider,
)
from deltacloud_images.errors import DeltacloudError
from deltacloud_images.kit.deadline import Deadline
from deltacloud_rhevm import convert
from deltacloud_rhevm.config import ProviderSettings, RhevmSettings
from deltacloud_rhevm.pool import Pool

if TYPE_CHECKING:
    from deltacloud_rhevm.session import RhevmSession


class RhevmDriver(Driver[RhevmSettings]):
    """Engines of RHEV-M 3 and oVirt 4, spoken to over their REST API."""

    title = "RHEV-M"
    settings_type = RhevmSettings
    capabilities = frozenset(Capability)
    features = (OWNER_ID, IMAGE_NAME, IMAGE_DESCRIPTION, USER_NAME, USER_DATA, HARDWARE_PROFILES, REALM_FILTER)
    states = convert.STATES
    requires = ("lxml", "requests", "urllib3")
    credential_names = ("user@domain", "password")

    def __init__(self, settings: RhevmSettings) -> None:
        """Connects to nothing."""
        super().__init__(settings)
        self._pool = Pool()

    def providers(self) -> Sequence[Provider]:
        """The configured engines. Their hosts are the operator's affair."""
        settings: RhevmSettings = self.settings
        return [Provider(name) for name in settings.providers]

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> "RhevmSession":
        """A session; the engine looks at the credentials when it is first asked something."""
        from deltacloud_rhevm.account import Account
        from deltacloud_rhevm.session import RhevmSession

        settings: ProviderSettings = self.settings.providers[provider]
        account = self._pool.account(
            (provider, credentials.user, credentials.password), lambda: Account(settings, credentials)
        )
        return RhevmSession(account, settings.datacenter, deadline.seconds)

    def translate(self, error: Exception) -> DeltacloudError | None:
        """By the tables in ``errors``."""
        from deltacloud_rhevm import errors

        return errors.translate(error)

    def close(self) -> None:
        """Log all accounts out."""
        self._pool.close()
