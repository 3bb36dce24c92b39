"""The EC2 driver: its providers and its pools."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from deltacloud_ec2 import convert
from deltacloud_ec2.config import EC2Settings, ProviderSettings
from deltacloud_ec2.regions import public_regions
from deltacloud_images.driver import (
    AUTHENTICATION_KEY,
    FIREWALLS,
    IMAGE_DESCRIPTION,
    IMAGE_NAME,
    INSTANCE_COUNT,
    OWNER_ID,
    REALM_FILTER,
    USER_DATA,
    Capability,
    Credentials,
    Driver,
    Feature,
    Provider,
)
from deltacloud_images.errors import ConfigurationError, DeltacloudError, ValidationFailure

if TYPE_CHECKING:
    from deltacloud_ec2.clients import ClientPool
    from deltacloud_ec2.session import EC2Session

NO_REBOOT = Feature("images", "no_reboot", "create", ("no_reboot",))
DELETE_SNAPSHOTS = Feature("images", "delete_snapshots", "destroy", ("delete_snapshots",))


class EC2Driver(Driver):
    """Amazon EC2: a provider is a region, or a compatible cloud that the configuration names."""

    title = "EC2"
    settings_type = EC2Settings
    capabilities = frozenset(Capability)
    features = (
        OWNER_ID,
        IMAGE_NAME,
        IMAGE_DESCRIPTION,
        NO_REBOOT,
        DELETE_SNAPSHOTS,
        USER_DATA,
        AUTHENTICATION_KEY,
        FIREWALLS,
        INSTANCE_COUNT,
        REALM_FILTER,
    )
    states = convert.STATES
    requires = ("boto3", "lxml")
    credential_names = ("access key id", "secret access key")

    def prepare(self) -> None:
        """Raises ``ConfigurationError`` where the default provider is none, or a provider's ``ca_file`` is no file."""
        if not self.allows_provider(self.default_provider):
            raise ConfigurationError(
                f"drivers.ec2.default_provider: '{self.default_provider}' is neither a public region"
                " nor one of drivers.ec2.providers"
            )
        for name, provider in self.settings.providers.items():
            if provider.ca_file and not Path(provider.ca_file).is_file():
                raise ConfigurationError(f"drivers.ec2.providers.{name}.ca_file: {provider.ca_file} is no file")

    @property
    def default_provider(self) -> str:
        """As configured: us-east-1."""
        name: str = self.settings.default_provider
        return name

    def providers(self) -> Sequence[Provider]:
        """The configured ones and the public regions. Endpoints that the operator configured are not told."""
        configured = self.settings.providers
        regions = public_regions() if self.settings.public_regions else ()
        hosts = {name: {"ec2": f"ec2.{name}.amazonaws.com"} for name in regions if name not in configured}
        return [Provider(name, hosts.get(name, {})) for name in sorted({*hosts, *configured})]

    def connect(self, credentials: Credentials, provider: str | None) -> EC2Session:
        """A session on pooled clients. The cloud is not asked: it refuses wrong credentials at the first call."""
        from deltacloud_ec2.session import EC2Session

        name = provider or self.default_provider
        if not self.allows_provider(name):
            raise ValidationFailure(f"There is no provider '{name}'.")
        where = self.settings.providers.get(name) or ProviderSettings()
        return EC2Session(self._pool.caller(credentials, name, where), self.settings)

    def translate(self, error: Exception) -> DeltacloudError | None:
        """By the table in ``errors``."""
        from deltacloud_ec2 import errors

        return errors.translate(error)

    def close(self) -> None:
        """Drop the pooled clients."""
        if "_pool" in self.__dict__:
            self._pool.clear()

    @cached_property
    def _pool(self) -> ClientPool:
        from deltacloud_ec2.clients import ClientPool

        return ClientPool(self.timeout_seconds)
