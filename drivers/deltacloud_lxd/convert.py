"""Conversion of LXD's records to models, with LXD's states and architectures in Deltacloud's terms."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from deltacloud_images.kit import values
from deltacloud_images.models import (
    Address,
    HardwareProfile,
    Image,
    Instance,
    Property,
    Realm,
    StateMachine,
    Transition,
)
from deltacloud_lxd import sizes

STATES = StateMachine(
    Transition("start", "pending", "create"),
    Transition("pending", "running"),
    Transition("running", "running", "reboot"),
    Transition("running", "stopping", "stop"),
    Transition("stopping", "stopped"),
    Transition("stopped", "running", "start"),
    Transition("stopped", "finish", "destroy"),
    Transition("error", "finish", "destroy"),
)

#: LXD's names of architectures that Deltacloud writes in another way.
ARCHITECTURES = {"i686": "i386", "aarch64": "arm64"}

STOPPED = 102
FROZEN = 110
#: LXD's status codes -> the API's states. What is not here is UNKNOWN.
_STATES = {
    100: "PENDING",
    101: "RUNNING",
    STOPPED: "STOPPED",
    103: "RUNNING",
    104: "STOPPING",
    105: "PENDING",
    106: "PENDING",
    107: "STOPPING",
    108: "STOPPING",
    109: "RUNNING",
    FROZEN: "STOPPED",
    111: "RUNNING",
    112: "ERROR",
    113: "RUNNING",  # ready: the guest says so
}

#: The first part of the id of an image that is being published: the operation and the alias follow.
_PENDING = "PENDING-"
_UUID = 36
_OPERATION = re.compile(r"[0-9a-f-]{36}")
_FIRST_YEAR = 1971  # LXD writes "no time" as the first second of the year 1, or of 1970


def image(record: Mapping[str, Any], project: str, profiles: tuple[str, ...]) -> Image:
    """Return an image of a project. ``profiles`` are the ids of all sizes."""
    fingerprint = values.required(record.get("fingerprint"), str, "fingerprint")
    properties = values.mapping(record.get("properties"))
    description = values.text(properties.get("description"))
    architecture = values.text(record.get("architecture"))
    return Image(
        id=fingerprint,
        name=_alias(record) or description or fingerprint[:12],
        description=f"{description} (cached from {_source(record)})".lstrip() if record.get("cached") else description,
        owner_id=values.text(record.get("project")) or project,
        architecture=ARCHITECTURES.get(architecture, architecture) or "x86_64",
        state="AVAILABLE",
        creation_time=_time(record.get("created_at")) or _time(record.get("uploaded_at")),
        hardware_profiles=profiles,
    )


def pending_image(image_id: str, project: str, description: str = "", architecture: object = None) -> Image:
    """Return an image while it is published. Its id holds its name; LXD tells of no other fields meanwhile."""
    known = values.text(architecture)
    name = (parts_of_pending_id(image_id) or ("", image_id))[1]
    return Image(image_id, name, description, project, architecture=ARCHITECTURES.get(known, known), state="PENDING")


def pending_id(operation: str, alias: str) -> str:
    """Return the id of an image while it is published."""
    return f"{_PENDING}{operation}-{alias}"


def parts_of_pending_id(image_id: str) -> tuple[str, str] | None:
    """Return the operation and the alias in the id of an image that is published; ``None`` for other ids."""
    rest = image_id.removeprefix(_PENDING)
    operation, alias = rest[:_UUID], rest[_UUID + 1 :]
    return (operation, alias) if rest != image_id and alias and _OPERATION.fullmatch(operation) else None


def instance(record: Mapping[str, Any], project: str, profiles: tuple[str, ...]) -> Instance:
    """Return an instance of a project. ``profiles`` are the ids of all sizes."""
    name = values.required(record.get("name"), str, "name")
    code = values.integer(record.get("status_code"))
    state = _STATES.get(code, "UNKNOWN")
    config = values.mapping(record.get("config"))
    addresses = list(_addresses(values.mapping(record.get("state")).get("network")))
    return Instance(
        id=name,
        name=name,
        owner_id=values.text(record.get("project")) or project,
        image_id=values.text(config.get("volatile.base_image")),
        realm_id=sizes.root_disk(record.get("expanded_devices"))[1].get("pool", ""),
        state=state,
        hardware_profile_id=_profile(record, profiles),
        overrides=_overrides(record),
        actions=("start",) if code == FROZEN else STATES.actions(state),
        can_create_image=code == STOPPED,
        launch_time=_time(record.get("created_at")),
        public_addresses=tuple([each for each in addresses if values.is_public(each)]),
        private_addresses=tuple([each for each in addresses if not values.is_public(each)]),
        image_obstacle="" if code == STOPPED else "It has to be STOPPED, and not frozen.",
    )


def pending_instance(
    name: str, project: str, fingerprint: str = "", profile: HardwareProfile | None = None
) -> Instance:
    """Return an instance while its disk is made."""
    return Instance(
        id=name,
        name=name,
        owner_id=project,
        image_id=fingerprint,
        state="PENDING",
        hardware_profile_id=profile.id if profile else sizes.DEFAULT,
    )


def realm(record: object) -> Realm:
    """Return a storage pool; one that is being made or removed on some members is not available."""
    keys = values.mapping(record)
    name = values.required(keys.get("name"), str, "name")
    return Realm(name, name, "AVAILABLE" if keys.get("status") == "Created" else "UNAVAILABLE")


def names(record: Mapping[str, Any]) -> list[str]:
    """Return the names of the profiles of an image or an instance."""
    return [each for each in values.array(record.get("profiles")) if isinstance(each, str)]


def _alias(record: Mapping[str, Any]) -> str:
    aliases = values.array(record.get("aliases"))
    return values.text(values.mapping(aliases[0]).get("name")) if aliases else ""


def _source(record: Mapping[str, Any]) -> str:
    return values.text(values.mapping(record.get("update_source")).get("server")) or "another server"


def _time(value: object) -> datetime | None:
    known = values.time(value)
    return known if known and known.year >= _FIRST_YEAR else None


def _profile(record: Mapping[str, Any], profiles: tuple[str, ...]) -> str:
    """Return the size of an instance: LXD's last profile wins, and the default size is the one without limits."""
    chosen = [each for each in names(record) if each in profiles and each != sizes.DEFAULT]
    return chosen[-1] if chosen else sizes.DEFAULT


def _overrides(record: Mapping[str, Any]) -> tuple[Property, ...]:
    found = sizes.limits(record.get("config"), record.get("devices"), sizes.UNKNOWN_HOST)
    return tuple([Property(name, value) for name, value in found.items()])


def _addresses(network: object) -> Iterable[Address]:
    for interface in values.mapping(network).values():
        for each in values.array(values.mapping(interface).get("addresses")):
            keys = values.mapping(each)
            if keys.get("scope") == "global" and (address := values.address(keys.get("address"))):
                yield address
