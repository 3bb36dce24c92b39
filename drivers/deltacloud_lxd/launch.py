"""The launch of an instance: the request that LXD takes, and the resources of its host."""

from collections.abc import Mapping, Sequence
from typing import Any

from deltacloud_images.errors import ValidationFailure
from deltacloud_images.kit import values
from deltacloud_images.models import NewInstance
from deltacloud_lxd import convert, images, sizes
from deltacloud_lxd.client import Account, last_part
from deltacloud_lxd.errors import FORBIDDEN, NOT_FOUND, LxdError


def request(new: NewInstance, image: Mapping[str, Any], profiles: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the body that launches an image. ``profiles`` are the records of all profiles of the project.

    Raises ``ValidationFailure`` for user data that is no text, and numbers that LXD does not take.
    """
    chosen = convert.names(image) or [sizes.DEFAULT]
    if new.profile and new.profile.id not in (sizes.DEFAULT, *chosen):
        chosen = [*chosen, new.profile.id]
    body: dict[str, Any] = {
        "type": values.text(image.get("type")) or "container",
        "source": {"type": "image", "fingerprint": images.fingerprint(image)},
        "profiles": chosen,
        "config": _config(new),
        "devices": _devices(new, [each for name in chosen for each in profiles if each["name"] == name]),
        "start": True,
    }
    return {**body, "name": new.name} if new.name else body


def name_of(resources: Mapping[str, Any]) -> str:
    """Return the name of the instance that an operation makes, from its URL."""
    paths = values.array(resources.get("instances"))
    return values.required(last_part(paths[0] if paths else None), str, "name of the new instance")


def is_under_way(account: Account, name: str) -> bool:
    """Return whether a running operation of LXD is about an instance of that name."""
    running = values.array(account.get("operations", recursion="1").get("running"))
    resources = [values.mapping(values.mapping(each).get("resources")) for each in running]
    return name in {last_part(path) for each in resources for path in values.array(each.get("instances"))}


def host(account: Account, profiles: Sequence[Mapping[str, Any]]) -> Mapping[str, int]:
    """Return the processors and bytes of the server's host, as ``sizes.UNKNOWN_HOST`` has them.

    The storage is that of the default profile's pool; of a cluster the resources are one member's. LXD may keep them
    from restricted callers.
    """
    resources = _readable(account, "resources")
    found = {name: values.integer(values.mapping(resources.get(name)).get("total")) for name in ("cpu", "memory")}
    default = next((each for each in profiles if each["name"] == sizes.DEFAULT), {})
    pool = sizes.root_disk(default.get("devices"))[1].get("pool")
    if pool:
        space = values.mapping(_readable(account, "storage-pools", pool, "resources").get("space"))
        found["storage"] = values.integer(space.get("total"))
    return {name: found.get(name) or unknown for name, unknown in sizes.UNKNOWN_HOST.items()}


def _config(new: NewInstance) -> dict[str, str]:
    config = {}
    if cpu := new.properties.get("cpu"):
        config["limits.cpu"] = sizes.whole("cpu", cpu)
    if memory := new.properties.get("memory"):
        config["limits.memory"] = sizes.in_bytes("memory", memory, sizes.MIB)
    if new.user_data:
        try:
            config["cloud-init.user-data"] = new.user_data.decode()
        except UnicodeDecodeError as error:
            raise ValidationFailure("user_data has to be text in UTF-8: LXD takes no other.") from error
    return config


def _devices(new: NewInstance, chosen: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return the root disk, if the client chose its pool or size: the profiles' own with that changed."""
    changes = {"pool": new.realm_id} if new.realm_id else {}
    if storage := new.properties.get("storage"):
        changes["size"] = sizes.in_bytes("storage", storage, sizes.GIB)
    if not changes:
        return {}
    name, disk = "root", {"type": "disk", "path": "/"}
    for each in chosen:
        found, keys = sizes.root_disk(each.get("devices"))
        if keys:
            name, disk = found, dict(keys)
    return {name: disk | changes}


def _readable(account: Account, *path: str) -> Mapping[str, Any]:
    try:
        return account.get(*path)
    except LxdError as error:
        if error.code not in (FORBIDDEN, NOT_FOUND):
            raise
        return {}
