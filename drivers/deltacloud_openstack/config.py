"""The OpenStack driver's table of the configuration."""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from deltacloud_images.schema import CertificateFile, Url, settings

#: Which of a service's addresses to use.
Interface = Literal["public", "internal", "admin"]


@settings
class ProviderSettings:
    """``[drivers.openstack.providers.<name>]``: one cloud, or one region of it."""

    #: Keystone's address; ``/v3`` is added if it is not there.
    auth_url: Url
    #: The region whose services are used; empty: of those that have nova, the first by name.
    region: str = ""
    interface: Interface = "public"
    #: The domains, by name, of users and projects that name none.
    user_domain: str = "Default"
    project_domain: str = "Default"
    #: What instances are connected to: ``auto``, ``none``, or ids or names of networks, with commas between them.
    #: Empty: ``auto`` where the catalog has neutron, else ``none``.
    networks: str = ""
    #: The one image property that names architectures here; filters by architecture are then sent to the cloud.
    #: Empty: the first of architecture, arch and hw_architecture that an image has, and the server filters.
    architecture_property: str = ""
    #: Whether to verify the certificates of this cloud.
    verify_tls: bool = True
    #: A PEM file of the authorities to trust; empty: the file that ``REQUESTS_CA_BUNDLE`` names, else certifi's.
    ca_file: CertificateFile = ""


@settings
class OpenStackSettings:
    """``[drivers.openstack]``."""

    #: The provider that is meant where a request names none; empty: the first of ``providers``.
    default_provider: str = ""
    #: A ``clouds.yaml`` whose clouds are providers as well, without the credentials in it; empty: none.
    clouds_yaml: str = ""
    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
