"""The FGCP driver's table of the configuration."""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated

from pydantic import Field

from deltacloud_images.schema import CertificateFile, HttpsUrl, settings

#: Region -> endpoint, as Apache Deltacloud knew them.
ENDPOINTS = {
    "jp-east": "https://api.oviss.jp.fujitsu.com/ovissapi/endpoint",
    "jp-west": "https://api.oviss2.jp.fujitsu.com/ovissapi/endpoint",
    "au": "https://api.globalcloud.fujitsu.com.au/ovissapi/endpoint",
    "sg": "https://api.globalcloud.sg.fujitsu.com/ovissapi/endpoint",
    "uk": "https://api.globalcloud.uk.fujitsu.com/ovissapi/endpoint",
    "us": "https://api.globalcloud.us.fujitsu.com/ovissapi/endpoint",
    "de": "https://api.globalcloud.de.fujitsu.com/ovissapi/endpoint",
}


@settings
class ProviderSettings:
    """``[drivers.fgcp.providers.<region>]``."""

    #: The region's endpoint.
    url: HttpsUrl
    #: Whether the endpoint's certificate is checked.
    verify_tls: bool = True
    #: A PEM file of the authorities to trust; empty: the file that ``REQUESTS_CA_BUNDLE`` names, else certifi's.
    ca_file: CertificateFile = ""


def _regions() -> Mapping[str, ProviderSettings]:
    return {region: ProviderSettings(url=url) for region, url in ENDPOINTS.items()}


@settings
class FgcpSettings:
    """``[drivers.fgcp]``."""

    #: The directory of the users' certificates: a caller's user name is a folder in it that holds ``UserCert.p12``.
    certificates: str = "~/.deltacloud/drivers/fgcp"
    #: The region to use where a request names none; empty: the only one there is, or that of the certificate's country.
    default_provider: str = ""
    #: Region -> endpoint; a table here replaces all seven regions.
    providers: Annotated[Mapping[str, ProviderSettings], Field(min_length=1)] = field(default_factory=_regions)
    #: How many calls one request makes side by side, because each server's status takes a call of its own.
    parallel_calls: Annotated[int, Field(ge=1, le=64)] = 8
