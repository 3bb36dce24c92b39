"""The OpenStack driver: its configured clouds and the pool of logged-in accounts."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from deltacloud_images.driver import (
    AUTHENTICATION_KEY,
    IMAGE_DESCRIPTION,
    IMAGE_NAME,
    OWNER_ID,
    REALM_FILTER,
    USER_DATA,
    USER_NAME,
    Capability,
    Credentials,
    Driver,
    Feature,
    Provider,
    Session,
)
from deltacloud_images.errors import ConfigurationError, DeltacloudError, ValidationFailure
from deltacloud_images.models import StateMachine
from deltacloud_openstack.config import OpenStackSettings, ProviderSettings
from deltacloud_openstack.states import STATES

if TYPE_CHECKING:
    from deltacloud_openstack.identity import Login
    from deltacloud_openstack.pool import Pool


class OpenStackDriver(Driver):
    """Any OpenStack with keystone v3. Each provider is a cloud, or a region of one, that the operator configured."""

    title = "OpenStack"
    settings_type: ClassVar[type] = OpenStackSettings
    capabilities = frozenset(Capability)
    features: ClassVar[tuple[Feature, ...]] = (
        OWNER_ID,
        IMAGE_NAME,
        IMAGE_DESCRIPTION,
        USER_NAME,
        USER_DATA,
        AUTHENTICATION_KEY,
        REALM_FILTER,
    )
    states: ClassVar[StateMachine] = STATES
    requires = ("keystoneauth1",)
    credential_names = ("user, user+project or user+project+domain", "password")

    def __init__(self, settings: OpenStackSettings, timeout_seconds: float) -> None:
        """Raises ``ConfigurationError`` for a default provider or a certificate file that is not there."""
        super().__init__(settings, timeout_seconds)
        self.clouds = self._clouds()
        default = settings.default_provider
        if default and default not in self.clouds:
            raise ConfigurationError(f"default_provider: '{default}' is none of {', '.join(self.clouds) or 'none'}")
        for name, cloud in self.clouds.items():
            if cloud.ca_file and not Path(cloud.ca_file).is_file():
                raise ConfigurationError(f"providers.{name}.ca_file: there is no file {cloud.ca_file}")

    @property
    def default_provider(self) -> str | None:
        """The configured one, else the first."""
        return self.settings.default_provider or next(iter(self.clouds), None)

    def providers(self) -> Sequence[Provider]:
        """The configured clouds, each with keystone's address."""
        return [Provider(name, {"identity": cloud.auth_url}) for name, cloud in self.clouds.items()]

    def connect(self, credentials: Credentials, provider: str | None) -> Session:
        """A session on the account's pooled login; nothing is sent yet."""
        from deltacloud_openstack.session import OpenStackSession

        name, cloud = self._cloud(provider)
        return OpenStackSession(self._pool.account(name, cloud, credentials), self.timeout_seconds)

    def translate(self, error: Exception) -> DeltacloudError | None:
        """By the tables in ``errors``."""
        from deltacloud_openstack import errors

        return errors.translate(error, self.title)

    def close(self) -> None:
        """Forget all tokens and close all connections."""
        self.__dict__.pop("_pool", None)

    def _clouds(self) -> Mapping[str, ProviderSettings]:
        providers: Mapping[str, ProviderSettings] = self.settings.providers
        return providers

    def _cloud(self, provider: str | None) -> tuple[str, ProviderSettings]:
        name = provider or self.default_provider
        if name is None:
            raise ValidationFailure(f"{self.title} has no provider: the operator has to configure one.")
        if name not in self.clouds:
            raise ValidationFailure(f"There is no provider '{name}'; use one of {', '.join(self.clouds)}.")
        return name, self.clouds[name]

    @cached_property
    def _pool(self) -> "Pool":
        from deltacloud_openstack.pool import Pool

        return Pool(self._login)

    def _login(self, cloud: ProviderSettings, credentials: Credentials) -> "Login":
        from deltacloud_openstack.identity import PasswordLogin

        return PasswordLogin.of(cloud, credentials)
