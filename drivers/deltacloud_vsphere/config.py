"""The vSphere driver's table of the configuration."""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated

from pydantic import Field

from deltacloud_images.schema import CertificateFile, settings


@settings
class ProviderSettings:
    """``[drivers.vsphere.providers.<name>]``: one vCenter or ESX host."""

    #: Its host name or address, and the port of its API.
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 443
    #: False: anybody on the way may read the callers' passwords.
    verify_tls: bool = True
    #: A PEM file of the authorities to trust; empty: the file that REQUESTS_CA_BUNDLE names, else those of certifi.
    ca_file: CertificateFile = ""
    #: The inventory path of the only datacenter to serve (``DC1``, ``Europe/DC2``); empty: all of them.
    datacenter: str = ""

    @property
    def url(self) -> str:
        """Return the URL of the API."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}/sdk"


@settings
class VsphereSettings:
    """``[drivers.vsphere]``."""

    #: Name -> vCenter or ESX host. Nobody can reach any other.
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    #: The provider of requests that name none; empty: the first.
    default_provider: str = ""
    #: How many vCenter sessions one worker process keeps, each for one caller on one provider.
    max_sessions: Annotated[int, Field(ge=1)] = 16
    #: A session that nobody used for so long is logged out. vCenters end them after 30 minutes.
    session_idle_seconds: Annotated[float, Field(gt=0)] = 600.0
    #: After so long the password is checked anew.
    session_max_seconds: Annotated[float, Field(gt=0)] = 3600.0
    #: How long a request waits for a task of the vCenter (clone, power on ...) to end or to fail before it answers.
    task_wait_seconds: Annotated[float, Field(ge=0)] = 5.0
