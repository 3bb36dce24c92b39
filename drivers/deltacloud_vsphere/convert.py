"""The vCenter's objects as models, with the properties that are fetched for each."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import unquote

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
from deltacloud_vsphere.rows import Row

PROFILE_ID = "default"

STATES = StateMachine(
    Transition("start", "pending", "create"),
    Transition("pending", "running"),
    Transition("running", "running", "reboot"),
    Transition("running", "stopped", "stop"),
    Transition("stopped", "running", "start"),
    Transition("stopped", "finish", "destroy"),
)

TEMPLATE = "summary.config.template"
_NAME = "name"
_GUEST_ID = "summary.config.guestId"
_GUEST = "summary.config.guestFullName"
_NOTE = "config.annotation"
CREATED = "config.createDate"
_POWER = "summary.runtime.powerState"
_CONNECTION = "summary.runtime.connectionState"
_BOOTED = "summary.runtime.bootTime"
_CPUS = "summary.config.numCpu"
_MEMORY = "summary.config.memorySizeMB"
_DATASTORES = "datastore"
_NETWORK = "guest.net"
TOOLS = "guest.toolsRunningStatus"
HOST = "summary.runtime.host"
FOLDER = "parent"

IMAGE_NAMES: Sequence[str] = (TEMPLATE, _NAME)
IMAGE: Sequence[str] = (TEMPLATE, _NAME, _GUEST_ID, _GUEST, _NOTE, _CONNECTION)
IMAGE_PLACE: Sequence[str] = (*IMAGE, HOST, FOLDER, _DATASTORES)
INSTANCE: Sequence[str] = (TEMPLATE, _NAME, _POWER, _CONNECTION, _BOOTED, _CPUS, _MEMORY, _DATASTORES, _NETWORK)
INSTANCE_TOOLS: Sequence[str] = (*INSTANCE, TOOLS)
TASK: Sequence[str] = ("info.descriptionId", "info.state", "info.entity", "info.result", "info.queueTime")
DATASTORE: Sequence[str] = (_NAME, "summary.accessible", "summary.maintenanceMode", "summary.freeSpace")
CLUSTER: Sequence[str] = (_NAME, "summary.numEffectiveHosts")
HOST_SIZE: Sequence[str] = (
    "summary.hardware.numCpuThreads",
    "summary.hardware.memorySize",
    "summary.runtime.connectionState",
    "summary.runtime.inMaintenanceMode",
)

_POWERED = {"poweredOn": "RUNNING", "poweredOff": "STOPPED", "suspended": "STOPPED"}
_CLONE = "VirtualMachine.clone"
_TASK_STATES = {"queued": "PENDING", "running": "PENDING", "error": "ERROR"}
_LEAST_MEMORY_MB = 128
_ESCAPED = re.compile("[%/\\\\]")


def name(row: Row) -> str:
    """The object's name. In the API percent sign, slash and backslash are escaped; nothing else is."""
    return re.sub("%(25|2[fF]|5[cC])", lambda match: unquote(match[0]), row.text(_NAME))


def escaped(text: str) -> str:
    """A name as the API wants it."""
    return _ESCAPED.sub(lambda match: f"%{ord(match[0]):02x}", text)


def is_template(row: Row) -> bool:
    """Whether the virtual machine is marked as a template: an image, and not an instance."""
    return row.text(TEMPLATE) == "true"


def image(row: Row, owner: str) -> Image:
    """A template. Only those whose files vCenter reaches are ``AVAILABLE``."""
    return Image(
        id=row.id,
        name=name(row),
        description=row.text(_NOTE) or row.text(_GUEST),
        owner_id=owner,
        architecture="x86_64" if row.text(_GUEST_ID).endswith("64Guest") else "i386",
        state="AVAILABLE" if _is_connected(row) else "UNAVAILABLE",
        creation_time=row.time(CREATED),
        hardware_profiles=(PROFILE_ID,),
        root_type="persistent",
    )


def instance(row: Row, owner: str) -> Instance:
    """A virtual machine; ``ERROR`` if its host or its files cannot be reached. The realm is its first datastore."""
    state = _POWERED.get(row.text(_POWER), "UNKNOWN") if _is_connected(row) else "ERROR"
    public, private = _addresses(row)
    return Instance(
        id=row.id,
        name=name(row),
        owner_id=owner,
        realm_id=next(iter(row.texts(_DATASTORES)), ""),
        state=state,
        hardware_profile_id=PROFILE_ID,
        overrides=_overrides({"cpu": row.integer(_CPUS), "memory": row.integer(_MEMORY)}),
        actions=STATES.actions(state),
        can_create_image=state == "STOPPED" and row.text(_POWER) == "poweredOff",
        image_obstacle="" if state == "STOPPED" else "It has to be STOPPED.",
        launch_time=row.time(_BOOTED),
        public_addresses=public,
        private_addresses=private,
    )


def pending(row: Row, owner: str) -> Instance:
    """A clone that is not finished, or has failed (``ERROR``). Its id is the task's: the vCenter tells no other yet."""
    return Instance(
        id=row.id,
        owner_id=owner,
        image_id=row.text("info.entity"),
        state=_TASK_STATES.get(row.text("info.state"), "ERROR"),
        hardware_profile_id=PROFILE_ID,
        launch_time=row.time("info.queueTime"),
    )


def is_clone(row: Row) -> bool:
    """Whether a task makes a virtual machine of another."""
    return row.text("info.descriptionId") == _CLONE


def is_going_on(row: Row) -> bool:
    """Whether a task has not ended."""
    return _TASK_STATES.get(row.text("info.state")) == "PENDING"


def realm(row: Row) -> Realm:
    """A datastore, whose limit is its free space in bytes, or a cluster."""
    if row.kind == "Datastore":
        open_ = row.text("summary.accessible") == "true" and row.text("summary.maintenanceMode") in ("", "normal")
    else:
        open_ = row.text("summary.numEffectiveHosts") not in ("", "0")
    free = row.integer("summary.freeSpace")
    return Realm(row.id, name(row), "AVAILABLE" if open_ else "UNAVAILABLE", "" if free is None else str(free))


def hardware_profile(hosts: Iterable[Row]) -> HardwareProfile:
    """The one size: whatever fits on the largest host that is in service."""
    in_service = [host for host in hosts if _is_in_service(host)]
    cpus = max((host.integer("summary.hardware.numCpuThreads") or 1 for host in in_service), default=1)
    megabytes = max(((host.integer("summary.hardware.memorySize") or 0) >> 20 for host in in_service), default=0)
    memory = max(megabytes - megabytes % 4, _LEAST_MEMORY_MB)
    return HardwareProfile(
        PROFILE_ID,
        PROFILE_ID,
        (
            Property("cpu", "1", "range", first="1", last=str(cpus)),
            Property("memory", str(min(1024, memory)), "range", first=str(_LEAST_MEMORY_MB), last=str(memory)),
            Property("architecture", "x86_64", "enum", entries=("x86_64", "i386")),
        ),
    )


def _is_in_service(host: Row) -> bool:
    connected = host.text("summary.runtime.connectionState") == "connected"
    return connected and host.text("summary.runtime.inMaintenanceMode") != "true"


def _is_connected(row: Row) -> bool:
    return row.text(_CONNECTION) == "connected"


def _overrides(sizes: Mapping[str, int | None]) -> tuple[Property, ...]:
    return tuple(Property(size, str(value)) for size, value in sizes.items() if value)


def _addresses(row: Row) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """Return public and private ones, as the guest's tools report them; where they report none, those of the cards."""
    cards = row.records(_NETWORK)
    known = list(_ip_addresses(text for card in cards for text in card.get("ipAddress", ())))
    if not known:
        return (), tuple(Address(text, "mac") for card in cards for text in card.get("macAddress", ()) if text)
    public = tuple(each for each in known if values.is_public(each))
    return public, tuple(each for each in known if each not in public)


def _ip_addresses(texts: Iterator[str]) -> Iterator[Address]:
    for each in filter(None, map(values.address, texts)):
        if not ip_address(each.address).is_link_local:
            yield each
