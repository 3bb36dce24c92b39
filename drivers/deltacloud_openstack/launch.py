"""What nova is asked for when an image is launched: flavor, networks, security groups, and a volume to boot from."""

import base64
from collections.abc import Mapping
from typing import Any

from deltacloud_images.errors import Conflict, ValidationFailure
from deltacloud_images.kit import values
from deltacloud_images.models import NewInstance
from deltacloud_openstack.cloud import Cloud, Record, is_uuid

_GIB = 1024**3


def server(cloud: Cloud, new: NewInstance, image: Record) -> dict[str, Any]:
    """Return the body of nova's request; raise ``ValidationFailure`` for what cannot be launched.

    Raises ``Conflict`` for an image that is not active yet.
    """
    if image.get("status") != "active":
        raise Conflict(f"Image '{new.image_id}' is not ACTIVE yet: it can be launched when it is.")
    flavor_id = new.profile.id if new.profile else _smallest(cloud, image)
    asked: dict[str, Any] = {
        "name": new.name or values.text(image.get("name")) or new.image_id,
        "flavorRef": flavor_id,
        **_disk(cloud, new.image_id, image, flavor_id),
        **_networks(cloud, new.options.get("networks") or cloud.account.cloud.networks),
    }
    if new.realm_id:
        asked["availability_zone"] = new.realm_id
    if new.keyname:
        asked["key_name"] = new.keyname
    if password := new.options.get("password"):
        asked["adminPass"] = password
    if groups := _numbered(new.options, "firewalls"):
        asked["security_groups"] = [{"name": group} for group in groups]
    if new.user_data:
        asked["user_data"] = base64.b64encode(new.user_data).decode()
    return asked


def _smallest(cloud: Cloud, image: Record) -> str:
    disk, ram = values.integer(image.get("min_disk")), values.integer(image.get("min_ram"))
    links = cloud.sizes().links(disk, ram)
    if not links:
        raise ValidationFailure(f"No hardware profile has the {ram} MB and {disk} GB that the image needs.")
    return links[0]


def _disk(cloud: Cloud, image_id: str, image: Record, flavor_id: str) -> dict[str, Any]:
    """Return what the instance boots from: a new volume where its flavor has no disk and the cloud has cinder.

    Nova lets ordinary users launch such flavors from volumes only (policy ``servers:create:zero_disk_flavor``).
    """
    if cloud.sizes().has_disk(flavor_id) or not cloud.account.has("volumev3"):
        return {"imageRef": image_id}
    size = max(values.integer(image.get("virtual_size")), values.integer(image.get("size")))
    volume = {
        "boot_index": 0,
        "uuid": image_id,
        "source_type": "image",
        "destination_type": "volume",
        "volume_size": max(values.integer(image.get("min_disk")), -(-size // _GIB), 1),
        "delete_on_termination": True,
    }
    return {"block_device_mapping_v2": [volume]}


def _networks(cloud: Cloud, chosen: str) -> dict[str, Any]:
    """Return what the instance is connected to: what is chosen, else ``auto`` where the catalog has neutron.

    Nova's old API of ``/v2/`` has neither ``auto`` nor ``none``; there the cloud decides.
    """
    names = [name.strip() for name in chosen.split(",") if name.strip()]
    if names and names[0] not in ("auto", "none"):
        return {"networks": [{"uuid": _network_id(cloud, name)} for name in names]}
    if not cloud.microversion:
        return {}
    default = "auto" if cloud.account.has("network") else "none"
    return {"networks": names[0] if names else default}


def _network_id(cloud: Cloud, name: str) -> str:
    if is_uuid(name):
        return name
    body = cloud.read("network", "/v2.0/networks", params={"name": name})
    ids = [each["id"] for each in map(values.mapping, values.array(body.get("networks"))) if is_uuid(each.get("id"))]
    if len(ids) != 1:
        raise ValidationFailure(f"networks is '{name}', but {len(ids)} networks have that name: use an id.")
    return str(ids[0])


def _numbered(options: Mapping[str, str], prefix: str) -> list[str]:
    """Return the values of a numbered family (``firewalls1``, ``firewalls2`` ...) in the order of the numbers."""
    names = [name for name in options if name.startswith(prefix) and options[name]]
    return [options[name] for name in sorted(names, key=lambda name: (len(name), name))]
