"""The RHEV-M driver: its engines and the accounts that are logged in to them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deltacloud_images.driver import KEY_CAPABILITIES, Capability, Credentials, Driver, Provider
from deltacloud_images.errors import DeltacloudError
from deltacloud_images.features import (
    HARDWARE_PROFILES,
    IMAGE_DESCRIPTION,
    IMAGE_NAME,
    OWNER_ID,
    REALM_FILTER,
    USER_DATA,
    USER_NAME,
)
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.kit.pool import Pool
from deltacloud_images.kit.transport import Transport
from deltacloud_rhevm import convert
from deltacloud_rhevm.config import RhevmSettings

if TYPE_CHECKING:
    from deltacloud_rhevm.account import Account
    from deltacloud_rhevm.session import RhevmSession

#: How many users' logins each worker process keeps, and for how long: then the password is checked anew.
_MAX_ACCOUNTS = 64
_MAX_SECONDS = 1800.0


class RhevmDriver(Driver[RhevmSettings]):
    """Engines of RHEV-M 3 and oVirt 4, spoken to over their REST API."""

    title = "RHEV-M"
    settings_type = RhevmSettings
    capabilities = frozenset(Capability) - KEY_CAPABILITIES
    features = (OWNER_ID, IMAGE_NAME, IMAGE_DESCRIPTION, USER_NAME, USER_DATA, HARDWARE_PROFILES, REALM_FILTER)
    states = convert.STATES
    requires = ("lxml",)
    credential_names = ("user@domain", "password")

    def __init__(self, settings: RhevmSettings) -> None:
        """Connects to nothing."""
        super().__init__(settings)
        self._pool: Pool[Account] = Pool(size=_MAX_ACCOUNTS, seconds=_MAX_SECONDS, close=_log_out)
        self._transports = {
            name: Transport("RHEV-M", verify_tls=each.verify_tls, ca_file=each.ca_file)
            for name, each in settings.providers.items()
        }

    def providers(self) -> Sequence[Provider]:
        """Return the configured engines. Their hosts are the operator's affair."""
        return [Provider(name) for name in self.settings.providers]

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> "RhevmSession":
        """Return a session; the engine looks at the credentials when it is first asked something."""
        from deltacloud_rhevm.account import Account
        from deltacloud_rhevm.engine import Engine
        from deltacloud_rhevm.session import RhevmSession

        settings = self.settings.providers[provider]
        caller = (provider, credentials.user, credentials.password)
        engine = Engine(self._pool, caller, lambda: Account(self._transports[provider], settings, credentials))
        return RhevmSession(engine, credentials.user, settings.datacenter)

    def translate(self, error: Exception) -> DeltacloudError | None:
        """By the tables in ``errors``."""
        from deltacloud_rhevm import errors

        return errors.translate(error)

    def close(self) -> None:
        """Log all accounts out."""
        self._pool.close()
        for transport in self._transports.values():
            transport.close()


def _log_out(account: "Account") -> None:
    account.log_out()
