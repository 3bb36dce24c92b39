"""The Acme driver's table of the configuration."""

from collections.abc import Mapping
from dataclasses import field

from deltacloud_images.schema import CertificateFile, Url, settings


@settings
class AcmeProvider:
    """``[drivers.acme.providers.<name>]``."""

    #: The URL of the cloud's API.
    url: Url
    #: Whether the cloud's certificate is verified.
    verify_tls: bool = True
    #: A PEM file of the authorities to trust; empty: the file that ``REQUESTS_CA_BUNDLE`` names, else certifi's.
    ca_file: CertificateFile = ""


@settings
class AcmeSettings:
    """``[drivers.acme]``."""

    #: The provider of requests that name none; empty: the first one.
    default_provider: str = ""
    #: Name -> provider.
    providers: Mapping[str, AcmeProvider] = field(default_factory=dict)
