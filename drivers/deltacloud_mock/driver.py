"""The mock driver: its file, its accounts and its artificial failures."""

import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hmac import compare_digest
from pathlib import Path

from platformdirs import user_data_path

from deltacloud_images.driver import Capability, Credentials, Driver
from deltacloud_images.errors import AuthenticationFailure, ConfigurationError, DeltacloudError, ProviderTimeout
from deltacloud_images.features import (
    AUTHENTICATION_KEY,
    HARDWARE_PROFILES,
    IMAGE_DESCRIPTION,
    IMAGE_NAME,
    OWNER_ID,
    REALM_FILTER,
    USER_DATA,
    USER_NAME,
)
from deltacloud_images.kit.deadline import Deadline, current, in_force
from deltacloud_images.models import HardwareProfile
from deltacloud_mock import convert, errors
from deltacloud_mock.config import MockSettings
from deltacloud_mock.session import MockSession
from deltacloud_mock.store import Store

#: How long the server's start, or a reset, may wait for a file that another process has locked.
PREPARE_SECONDS = 10.0


class MockDriver(Driver[MockSettings]):
    """A pretend cloud in one SQLite file, shared by all workers."""

    title = "Mock"
    settings_type = MockSettings
    capabilities = frozenset(Capability)
    features = (
        OWNER_ID,
        IMAGE_NAME,
        IMAGE_DESCRIPTION,
        USER_NAME,
        USER_DATA,
        AUTHENTICATION_KEY,
        HARDWARE_PROFILES,
        REALM_FILTER,
    )
    states = convert.STATES
    requires_provider = False

    def __init__(self, settings: MockSettings) -> None:
        """Open the file when it is first used."""
        super().__init__(settings)
        default = user_data_path("deltacloud-images") / "mock.sqlite3"
        self.path = Path(settings.path or default).expanduser().absolute()
        self.users = settings.users
        self.accounts = frozenset(settings.users)
        self.store = Store(self.path)

    def prepare(self) -> None:
        """Open the file, and make and seed it if there is none."""
        with self._using_the_file():
            self.store.rows("SELECT 1")

    def reset(self) -> None:
        """Bring the file back to what a new one holds, in one transaction: a server that uses it goes on."""
        with self._using_the_file():
            self.store.reset()

    def allows_provider(self, provider: str) -> bool:
        """Any name will do: the pretend cloud is the same everywhere."""
        return True

    def fixed_hardware_profiles(self) -> Sequence[HardwareProfile]:
        """Its sizes."""
        return convert.HARDWARE_PROFILES

    def trial_credentials(self) -> Credentials:
        """Its first account."""
        return Credentials(*next(iter(self.users.items())))

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> MockSession:
        """Return a session; raises ``AuthenticationFailure`` unless the configuration has the account."""
        known = self.users.get(credentials.user, "")
        if not known or not compare_digest(known.encode(), credentials.password.encode()):
            raise AuthenticationFailure("The mock cloud does not accept this user and password.")
        build_seconds = self.settings.image_build_seconds
        return MockSession(self.store, self.pretend, credentials.user, self.accounts, build_seconds)

    def translate(self, error: Exception) -> DeltacloudError | None:
        """By the table in ``errors``."""
        return errors.translate(error)

    @contextmanager
    def _using_the_file(self) -> Iterator[None]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with in_force(Deadline(PREPARE_SECONDS)):
                yield
        except (OSError, sqlite3.Error, ProviderTimeout) as error:
            raise ConfigurationError(f"drivers.mock.path: {self.path} cannot be used: {error}") from error

    def pretend(self) -> None:
        """Be as slow and as unreliable as the configuration asks."""
        if self.settings.delay_seconds:
            current().sleep(self.settings.delay_seconds)
        if self.settings.failure_rate and random.random() < self.settings.failure_rate:
            raise errors.PretendedFailure
