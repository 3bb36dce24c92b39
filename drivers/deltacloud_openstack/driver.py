"""The OpenStack driver: its configured clouds and the pool of logged-in accounts."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from deltacloud_images.driver import (
    AUTHENTICATION_KEY,
    AUTHENTICATION_PASSWORD,
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
from deltacloud_images.errors import DeltacloudError
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.models import StateMachine
from deltacloud_openstack.config import OpenStackSettings, ProviderSettings
from deltacloud_openstack.states import STATES

if TYPE_CHECKING:
    from deltacloud_openstack.account import Account
    from deltacloud_openstack.identity import Login
    from deltacloud_openstack.pool import Pool


class OpenStackDriver(Driver[OpenStackSettings]):
    """Any OpenStack with keystone v3. Each provider is a cloud, or a region of one, that the operator configured."""

    title = "OpenStack"
    settings_type = OpenStackSettings
    capabilities = frozenset(Capability)
    features: ClassVar[tuple[Feature, ...]] = (
        OWNER_ID,
        IMAGE_NAME,
        IMAGE_DESCRIPTION,
        USER_NAME,
        USER_DATA,
        AUTHENTICATION_KEY,
        AUTHENTICATION_PASSWORD,
        REALM_FILTER,
    )
    states: ClassVar[StateMachine] = STATES
    requires = ("keystoneauth1",)
    credential_names = ("user, user+project or user+project+domain", "password")

    def __init__(self, settings: OpenStackSettings) -> None:
        """Nothing is opened or sent before it is needed."""
        super().__init__(settings)
        self.clouds = self._clouds()

    def providers(self) -> Sequence[Provider]:
        """The configured clouds, each with keystone's address."""
        return [Provider(name, {"identity": cloud.auth_url}) for name, cloud in self.clouds.items()]

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> Session:
        """A session on the account's pooled login; nothing is sent yet."""
        from deltacloud_openstack.session import OpenStackSession

        return OpenStackSession(self._account(credentials, provider), deadline.seconds)

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

    def _account(self, credentials: Credentials, provider: str | None) -> "Account":
        """From the pool; the server lets no provider pass but those of ``providers``."""
        name = str(provider)
        return self._pool.account(name, self.clouds[name], credentials)

    @cached_property
    def _pool(self) -> "Pool":
        from deltacloud_openstack.pool import Pool

        return Pool(self._login)

    def _login(self, cloud: ProviderSettings, credentials: Credentials) -> "Login":
        from deltacloud_openstack.identity import PasswordLogin

        return PasswordLogin.of(cloud, credentials)
