"""The Rackspace driver's table of the configuration."""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from deltacloud_images.schema import CertificateFile, Url, settings

IDENTITY_URL = "https://identity.api.rackspacecloud.com/v2.0"
REGIONS = ("DFW", "ORD", "IAD", "LON", "SYD", "HKG")


@settings
class RegionSettings:
    """``[drivers.rackspace.providers.<name>]``."""

    #: Rackspace's identity service, version 2.0.
    identity_url: Url = IDENTITY_URL
    #: The region's name in the catalog; empty: the provider's own name.
    region: str = ""
    #: ``internal`` is ServiceNet, for a server that runs inside Rackspace's cloud.
    interface: Literal["public", "internal"] = "public"
    #: Whether to verify the certificates of this region.
    verify_tls: bool = True
    #: A PEM file of the authorities to trust; empty: the file that ``REQUESTS_CA_BUNDLE`` names, else certifi's.
    ca_file: CertificateFile = ""


@settings
class RackspaceSettings:
    """``[drivers.rackspace]``."""

    #: The provider that is meant where a request names none; empty: the first of ``providers``.
    default_provider: str = ""
    #: The regions to offer: all six where none is configured, else those that are.
    providers: Mapping[str, RegionSettings] = field(
        default_factory=lambda: {region: RegionSettings() for region in REGIONS}
    )
