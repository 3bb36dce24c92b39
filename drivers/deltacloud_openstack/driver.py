"""The OpenStack driver: its configured clouds, the connections to them, and the pool of logged-in accounts."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeVar

from deltacloud_images.driver import Capability, Credentials, Driver, Provider, Session
from deltacloud_images.errors import DeltacloudError
from deltacloud_images.features import (
    AUTHENTICATION_KEY,
    AUTHENTICATION_PASSWORD,
    FIREWALLS,
    IMAGE_DESCRIPTION,
    IMAGE_NAME,
    OWNER_ID,
    REALM_FILTER,
    USER_DATA,
    USER_NAME,
    Feature,
    Parameter,
)
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.kit.pool import Lease, Pool
from deltacloud_images.kit.transport import Transport
from deltacloud_images.models import StateMachine
from deltacloud_openstack.config import OpenStackSettings, ProviderSettings
from deltacloud_openstack.states import STATES

if TYPE_CHECKING:
    from deltacloud_openstack.account import Account
    from deltacloud_openstack.identity import Login

Settings = TypeVar("Settings")

#: How many callers' logins each worker process keeps, and for how long in seconds.
_MAX_ACCOUNTS = 256
_MAX_SECONDS = 3600.0

#: Source: "Show images" in the Image service API v2.
VISIBILITY = Feature(
    "images",
    "visibility",
    "index",
    (
        Parameter(
            "visibility",
            "Only images of this visibility; all: also community images, which lists leave out otherwise.",
            allowed=("public", "private", "shared", "community", "all"),
        ),
    ),
)
NETWORKS = Feature(
    "instances",
    "networks",
    "create",
    (Parameter("networks", "The new instance's networks, by name or id, separated by commas; or auto, or none."),),
)


class NovaDriver(Driver[Settings]):
    """What all clouds with nova have in common, whatever their identity service is."""

    capabilities = frozenset(Capability)
    features: ClassVar[tuple[Feature, ...]] = (
        OWNER_ID,
        VISIBILITY,
        IMAGE_NAME,
        IMAGE_DESCRIPTION,
        USER_NAME,
        USER_DATA,
        AUTHENTICATION_KEY,
        AUTHENTICATION_PASSWORD,
        REALM_FILTER,
        NETWORKS,
    )
    states: ClassVar[StateMachine] = STATES
    requires = ("keystoneauth1", "requests")

    def __init__(self, settings: Settings) -> None:
        """Take the settings. Nothing is opened or sent before it is needed."""
        super().__init__(settings)
        self.clouds = self.clouds_of(settings)
        self._pool: Pool[Account] = Pool(size=_MAX_ACCOUNTS, seconds=_MAX_SECONDS)
        self._transports = {
            name: Transport(self.title, verify_tls=cloud.verify_tls, ca_file=cloud.ca_file)
            for name, cloud in self.clouds.items()
        }

    @abstractmethod
    def clouds_of(self, settings: Settings) -> Mapping[str, ProviderSettings]:
        """Return each provider's settings as those of an OpenStack."""

    @abstractmethod
    def login(self, cloud: ProviderSettings, credentials: Credentials) -> "Login":
        """Return the keystoneauth plug-in that gets an account's tokens."""

    def providers(self) -> Sequence[Provider]:
        """Return the configured clouds, each with the URL of its identity service."""
        return [Provider(name, {"identity": cloud.auth_url}) for name, cloud in self.clouds.items()]

    def close(self) -> None:
        """Forget all tokens and close all connections."""
        self._pool.close()
        for transport in self._transports.values():
            transport.close()

    def lease(self, credentials: Credentials, provider: str) -> "Lease[Account]":
        """Return a lease on the caller's account. It logs in when it is first used; a refused login is not kept."""
        from deltacloud_openstack.account import Account
        from deltacloud_openstack.transport import keystone_session

        cloud, transport = self.clouds[provider], self._transports[provider]

        def log_in() -> Account:
            return Account(keystone_session(transport), self.login(cloud, credentials), cloud)

        return self._pool.lease((provider, credentials.user, credentials.password), log_in)


class OpenStackDriver(NovaDriver[OpenStackSettings]):
    """Any OpenStack with keystone v3. Each provider is a cloud, or a region of one, that the operator configured."""

    title = "OpenStack"
    settings_type = OpenStackSettings
    features = (*NovaDriver.features, FIREWALLS)
    credential_names = (
        "user, user+project, user+project+domain or +application_credential_id=ID",
        "password or secret",
    )

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> Session:
        """Return a session on the caller's pooled account; nothing is sent yet."""
        from deltacloud_openstack.cloud import Cloud
        from deltacloud_openstack.session import OpenStackSession

        return OpenStackSession(Cloud(self.lease(credentials, provider)))

    def translate(self, error: Exception) -> DeltacloudError | None:
        """Return an error's meaning by the table in ``errors``."""
        from deltacloud_openstack import errors

        return errors.translate(error)

    def clouds_of(self, settings: OpenStackSettings) -> Mapping[str, ProviderSettings]:
        """Return the configured clouds, then those of the configured ``clouds.yaml`` that have other names."""
        if not settings.clouds_yaml:
            return settings.providers
        from deltacloud_openstack.clouds import providers_in

        return dict(settings.providers) | {
            name: cloud for name, cloud in providers_in(settings.clouds_yaml).items() if name not in settings.providers
        }

    def login(self, cloud: ProviderSettings, credentials: Credentials) -> "Login":
        """Return keystone's login, by password or application credential."""
        from deltacloud_openstack.identity import login

        return login(cloud, credentials)
