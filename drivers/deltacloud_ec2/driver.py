"""The EC2 driver: its providers, their clients and the callers that are known."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

from deltacloud_ec2 import convert
from deltacloud_ec2.config import EC2Settings, ProviderSettings
from deltacloud_ec2.regions import public_regions
from deltacloud_images.driver import Capability, Credentials, Driver, Provider
from deltacloud_images.errors import DeltacloudError
from deltacloud_images.features import (
    AUTHENTICATION_KEY,
    FIREWALLS,
    IMAGE_DESCRIPTION,
    IMAGE_NAME,
    INSTANCE_COUNT,
    OWNER_ID,
    REALM_FILTER,
    USER_DATA,
    Feature,
    Parameter,
)
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.kit.pool import Pool

if TYPE_CHECKING:
    from deltacloud_ec2.caller import Account
    from deltacloud_ec2.region import Region
    from deltacloud_ec2.session import EC2Session

#: How many callers each worker process knows, and for how long: then STS is asked anew.
_MAX_CALLERS = 256
_MAX_SECONDS = 3600.0

NO_REBOOT = Feature(
    "images",
    "no_reboot",
    "create",
    (Parameter("no_reboot", "Copies the disks without a shutdown, so that files may be inconsistent.", kind="flag"),),
)
DELETE_SNAPSHOTS = Feature(
    "images",
    "delete_snapshots",
    "destroy",
    (Parameter("delete_snapshots", "Deletes the image's snapshots too, which cost money otherwise.", kind="flag"),),
)
#: EC2 has no names of its own for instances, hence no ``user_name``: a name is a tag.
NAME_TAG = Feature("instances", "name_tag", "create", (Parameter("name", "The value of the new instance's tag Name."),))


class EC2Driver(Driver[EC2Settings]):
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
        NAME_TAG,
        USER_DATA,
        AUTHENTICATION_KEY,
        FIREWALLS,
        INSTANCE_COUNT,
        REALM_FILTER,
    )
    states = convert.STATES
    requires = ("boto3", "lxml")
    credential_names = ("access key id", "secret access key")

    def __init__(self, settings: EC2Settings) -> None:
        """Opens nothing."""
        super().__init__(settings)
        self._lock = Lock()
        self._regions: dict[str, Region] = {}
        self._pool: Pool[Account] = Pool(size=_MAX_CALLERS, seconds=_MAX_SECONDS)
        configured = settings.providers
        regions = public_regions() if settings.public_regions else ()
        hosts = {name: {"ec2": f"ec2.{name}.amazonaws.com"} for name in regions if name not in configured}
        self._providers = {name: Provider(name, hosts.get(name, {})) for name in sorted({*hosts, *configured})}

    def providers(self) -> Sequence[Provider]:
        """The configured ones and the public regions. Endpoints that the operator configured are not told."""
        return tuple(self._providers.values())

    def allows_provider(self, provider: str) -> bool:
        """One of them."""
        return provider in self._providers

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> EC2Session:
        """Return a session on the region's shared clients. The cloud refuses wrong credentials at the first call."""
        from deltacloud_ec2.caller import Caller
        from deltacloud_ec2.session import EC2Session

        return EC2Session(Caller(self._region(provider), self._pool, credentials, provider), self.settings)

    def translate(self, error: Exception) -> DeltacloudError | None:
        """By the table in ``errors``."""
        from deltacloud_ec2 import errors

        return errors.translate(error)

    def close(self) -> None:
        """Close all connections, and forget the callers."""
        self._pool.close()
        with self._lock:
            regions, self._regions = self._regions, {}
        for region in regions.values():
            region.close()

    def _region(self, provider: str) -> Region:
        from deltacloud_ec2.region import Region

        with self._lock:
            if provider not in self._regions:
                settings = self.settings.providers.get(provider) or ProviderSettings()
                self._regions[provider] = Region(provider, settings)
            return self._regions[provider]
