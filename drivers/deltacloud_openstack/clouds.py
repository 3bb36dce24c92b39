"""A ``clouds.yaml`` of OpenStack's own clients as a source of providers: where clouds are, not who logs in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from deltacloud_images.kit import values
from deltacloud_images.schema import InvalidTable, Problem, settings_from_table
from deltacloud_openstack.config import ProviderSettings

_KEY = "clouds_yaml"
#: The file's keys -> the provider's, of a cloud and of its table ``auth``. Credentials are not read.
_KEYS = {"region_name": "region", "interface": "interface", "verify": "verify_tls", "cacert": "ca_file"}
_AUTH_KEYS = {"auth_url": "auth_url", "user_domain_name": "user_domain", "project_domain_name": "project_domain"}


def providers_in(path: str) -> Mapping[str, ProviderSettings]:
    """Return the file's clouds that name an ``auth_url``, by their names.

    Raises ``InvalidTable`` where the file cannot be read, or has a value that a provider cannot have.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidTable([Problem((_KEY,), f"'{path}' cannot be read: {error.strerror}")]) from None
    except (yaml.YAMLError, ValueError):  # whose text may repeat a password
        raise InvalidTable([Problem((_KEY,), f"'{path}' is not YAML")]) from None
    clouds = values.mapping(values.mapping(content).get("clouds"))
    tables = {str(name): _table(values.mapping(cloud)) for name, cloud in clouds.items()}
    return {name: _settings(name, table) for name, table in tables.items() if "auth_url" in table}


def _table(cloud: Mapping[str, Any]) -> dict[str, Any]:
    auth = values.mapping(cloud.get("auth"))
    return {
        ours: part[theirs]
        for part, keys in ((cloud, _KEYS), (auth, _AUTH_KEYS))
        for theirs, ours in keys.items()
        if theirs in part
    }


def _settings(name: str, table: Mapping[str, Any]) -> ProviderSettings:
    try:
        return settings_from_table(ProviderSettings, table)
    except InvalidTable as error:
        raise error.below(_KEY, name) from None
