"""The RHEV-M driver's table of the configuration."""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal

from pydantic import Field

from deltacloud_images.schema import CertificateFile, HttpsUrl, settings


@settings
class ProviderSettings:
    """``[drivers.rhevm.providers.<name>]``: one engine, and perhaps one of its data centers."""

    #: Where the engine's API is: ``https://host/ovirt-engine/api`` (oVirt 4) or ``https://host/api`` (RHEV-M 3).
    url: HttpsUrl
    #: Whether the engine's certificate is verified. An engine makes its own authority: name it in ``ca_file`` instead.
    verify_tls: bool = True
    #: A PEM file of the authorities to trust; empty: the file that ``REQUESTS_CA_BUNDLE`` names, else those of certifi.
    ca_file: CertificateFile = ""
    #: Whether only what the user has permissions for is asked for, which is all that the engine allows to users without
    #: an administrator's role. ``auto``: where the engine refuses anything else.
    filter: Literal["auto"] | bool = "auto"
    #: The name of a data center; lists hold only what is in it. Empty: all data centers.
    datacenter: Annotated[str, Field(pattern=r'^[^"]*$')] = ""


@settings
class RhevmSettings:
    """``[drivers.rhevm]``."""

    #: The engines that clients may choose, by name.
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    #: The engine that is meant where a request names none; empty: the first one.
    default_provider: str = ""
