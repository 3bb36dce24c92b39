"""Nova's records as models, in a region of Rackspace's."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from deltacloud_images.models import Instance, Realm
from deltacloud_openstack import convert


def instance(record: Mapping[str, Any], region: str) -> Instance:
    """As on any OpenStack, with the region for its realm."""
    return replace(convert.instance(record), realm_id=region)


def realm(region: str) -> Realm:
    """The region itself: there are no availability zones to choose from."""
    return Realm(region, region)
