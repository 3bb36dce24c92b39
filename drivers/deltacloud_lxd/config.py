"""The LXD driver's table of the configuration."""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated

from pydantic import Field

from deltacloud_images.schema import CertificateFile, HttpsUrl, settings


@settings
class ProviderSettings:
    """``[drivers.lxd.providers.<name>]``."""

    #: The server's API, usually on port 8443.
    url: HttpsUrl
    #: The server's own certificate, a PEM file: this certificate alone is trusted, whatever host it names; empty:
    #: ``ca_file`` decides.
    certificate_file: CertificateFile = ""
    #: A PEM file of the authorities to trust; empty: the file that ``REQUESTS_CA_BUNDLE`` names, else certifi's.
    ca_file: CertificateFile = ""
    #: Whether the server's certificate is verified.
    verify_tls: bool = True
    #: The project of requests whose user names none.
    project: Annotated[str, Field(min_length=1)] = "default"


@settings
class LxdSettings:
    """``[drivers.lxd]``."""

    #: The directory of the callers' certificates: a user name is a folder in it with ``client.crt`` and ``client.key``.
    certificates: str = "~/.deltacloud/drivers/lxd"
    #: The provider of requests that name none; empty: the first one.
    default_provider: str = ""
    #: How long a request waits for an operation to end (publish, launch, start ...), in seconds.
    task_wait_seconds: Annotated[float, Field(ge=0)] = 10.0
    #: Name -> server.
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
