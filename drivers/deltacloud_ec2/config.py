"""The EC2 driver's table of the configuration."""

from collections.abc import Mapping
from dataclasses import field

from deltacloud_images.schema import CertificateFile, OptionalUrl, settings

#: Sizes that AWS sells today, the one that is launched when none is asked for first.
LINKED_PROFILES = {
    "x86_64": (
        "t3.micro",
        "t3.small",
        "t3.medium",
        "t3.large",
        "c7i.large",
        "m7i.large",
        "r7i.large",
        "c7i.xlarge",
        "m7i.xlarge",
        "m7i.2xlarge",
    ),
    "arm64": (
        "t4g.micro",
        "t4g.small",
        "t4g.medium",
        "t4g.large",
        "c7g.large",
        "m7g.large",
        "r7g.large",
        "c7g.xlarge",
        "m7g.xlarge",
        "m7g.2xlarge",
    ),
    "i386": ("t2.micro", "t2.nano", "t2.small", "t2.medium", "c3.large"),
    "x86_64_mac": ("mac1.metal",),
    "arm64_mac": ("mac2.metal",),
}


@settings
class ProviderSettings:
    """``[drivers.ec2.providers.<name>]``."""

    #: Where the region's EC2 API is; empty: at AWS.
    endpoint_url: OptionalUrl = ""
    #: Where STS is, which tells a caller's account number; empty: at AWS, or nowhere if ``endpoint_url`` is set.
    sts_endpoint_url: OptionalUrl = ""
    #: The region that requests are signed for; empty: the provider's name.
    region: str = ""
    #: Whether the endpoint's TLS certificate has to be valid.
    verify_tls: bool = True
    #: A PEM file of authorities to trust; empty: ``REQUESTS_CA_BUNDLE``, else those of the package certifi.
    ca_file: CertificateFile = ""


@settings
class EC2Settings:
    """``[drivers.ec2]``."""

    #: The provider that is meant where a request names none.
    default_provider: str = "us-east-1"
    #: Whether requests may choose any public AWS region, besides the configured providers.
    public_regions: bool = True
    #: Whose images are listed where a request names no owner; empty: all that the caller may see, 100,000 and more.
    default_owners: tuple[str, ...] = ("self", "amazon")
    #: The sizes that images link to, by architecture. Every other size of the region can be launched as well.
    linked_profiles: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: LINKED_PROFILES)
    #: Provider's name -> its settings: compatible clouds, and AWS regions that are not public.
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
