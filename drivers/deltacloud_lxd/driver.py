"""The LXD driver: its servers, its callers' certificates and the accounts that it keeps."""

from collections.abc import Sequence
from pathlib import Path

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
from deltacloud_lxd import convert, errors, identity
from deltacloud_lxd.client import Account
from deltacloud_lxd.config import LxdSettings
from deltacloud_lxd.session import LxdSession

_MAX_ACCOUNTS = 64
_ACCOUNT_SECONDS = 600.0


class LxdDriver(Driver[LxdSettings]):
    """LXD 5 and later, and Incus."""

    title = "LXD"
    settings_type = LxdSettings
    capabilities = frozenset(Capability) - KEY_CAPABILITIES
    features = (OWNER_ID, IMAGE_NAME, IMAGE_DESCRIPTION, USER_NAME, USER_DATA, HARDWARE_PROFILES, REALM_FILTER)
    states = convert.STATES
    credential_names = ("certificate folder", "passphrase")

    def __init__(self, settings: LxdSettings) -> None:
        """Take the settings; certificates are opened by the requests of their users."""
        super().__init__(settings)
        self._directory = Path(settings.certificates).expanduser()
        self._accounts = Pool(size=_MAX_ACCOUNTS, seconds=_ACCOUNT_SECONDS, close=Account.close)

    def providers(self) -> Sequence[Provider]:
        """Return those of the configuration. Their addresses are not told to clients."""
        return [Provider(name) for name in self.settings.providers]

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> LxdSession:
        """Return a session; raise ``AuthenticationFailure`` unless the passphrase opens the caller's key."""
        settings = self.settings.providers[provider]
        caller = identity.find(self._directory, credentials, settings.project)
        lease = self._accounts.lease(
            (provider, credentials.user, credentials.password, caller.version), lambda: Account(caller, settings)
        )
        return LxdSession(lease, self.settings.task_wait_seconds)

    def translate(self, error: Exception) -> DeltacloudError | None:
        """Return the meaning that the table in ``errors`` gives."""
        return errors.translate(error)

    def close(self) -> None:
        """Close all connections."""
        self._accounts.close()
