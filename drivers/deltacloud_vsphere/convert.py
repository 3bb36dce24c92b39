"""The vCenter's objects as models, with the properties that are fetched for each."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
_DISABLED = "disabledMethod"
_MANAGER = "config.managedBy"
FREE = "summary.freeSpace"
HOST = "summary.runtime.host"
FOLDER = "parent"

IMAGE_NAMES: Sequence[str] = (TEMPLATE, _NAME)
IMAGE_PROTECTION: Sequence[str] = (*IMAGE_NAMES, _DISABLED)
IMAGE: Sequence[str] = (*IMAGE_PROTECTION, _GUEST_ID, _GUEST, _NOTE, _CONNECTION)
IMAGE_PLACE: Sequence[str] = (*IMAGE, HOST, FOLDER, _DATASTORES)
INSTANCE: Sequence[str] = (
    *(TEMPLATE, _NAME, _POWER, _CONNECTION, _BOOTED, _CPUS, _MEMORY, _DATASTORES, _NETWORK, _DISABLED, _MANAGER),
)
TASK: Sequence[str] = ("info.descriptionId", "info.state", "info.entity", "info.result", "info.queueTime")
DATASTORE: Sequence[str] = (_NAME, "summary.accessible", "summary.maintenanceMode", FREE)
CLUSTER: Sequence[str] = (_NAME, "summary.numEffectiveHosts")
RESOURCE_POOL: Sequence[str] = (_NAME, "parent", "owner")
STORAGE_POD: Sequence[str] = (_NAME, FREE, "childEntity")
HOST_STATE: Sequence[str] = ("summary.runtime.connectionState", "summary.runtime.inMaintenanceMode")
HOST_SIZE: Sequence[str] = ("summary.hardware.numCpuThreads", "summary.hardware.memorySize", *HOST_STATE)

_POWERED = {"poweredOn": "RUNNING", "poweredOff": "STOPPED", "suspended": "STOPPED"}
_CLONE = "VirtualMachine.clone"
_TASK_STATES = {"queued": "PENDING", "running": "PENDING", "error": "ERROR"}
_LEAST_MEMORY_MB = 128
#: The largest virtual machine of vSphere 8 (VMware's configuration maximums): 768 processors and 24 TB.
_MAX_CPUS = 768
_MAX_MEMORY_MB = 24 * 1024 * 1024
#: The methods that each action needs, any of them.
_METHODS = {
    "start": {"PowerOnVM_Task"},
    "stop": {"PowerOffVM_Task", "ShutdownGuest"},
    "reboot": {"ResetVM_Task", "RebootGuest"},
    "destroy": {"Destroy_Task"},
}
#: vCenter's own machines, such as those of vSphere Cluster Services, belong to this extension, which restores them.
_AGENT_MANAGER = "com.vmware.vim.eam"
#: The 64-bit guests of vim.vm.GuestOsDescriptor.GuestOsIdentifier; ESX, Hyper-V and CRX exist in no other width.
_GUEST_64 = re.compile("64|^vmkernel|HyperV|^crx")
_ESCAPED = re.compile("[%/\\\\]")


def name(row: Row) -> str:
    """Return the object's name, in which the API escapes percent signs, slashes and backslashes."""
    return re.sub("%(25|2[fF]|5[cC])", lambda match: unquote(match[0]), row.text(_NAME))


def escaped(text: str) -> str:
    """Return a name with percent signs, slashes and backslashes escaped, as the API requires."""
    return _ESCAPED.sub(lambda match: f"%{ord(match[0]):02x}", text)


def is_template(row: Row) -> bool:
    """Return whether a virtual machine is marked as a template: then it is an image, and not an instance."""
    return row.text(TEMPLATE) == "true"


def image(row: Row, owner: str) -> Image:
    """Return a template as an image, which is ``AVAILABLE`` where the vCenter reaches its host and files."""
    return Image(
        id=row.id,
        name=name(row),
        description=row.text(_NOTE) or row.text(_GUEST),
        owner_id=owner,
        architecture=_architecture(row),
        state="AVAILABLE" if _is_connected(row) else "UNAVAILABLE",
        creation_time=row.time(CREATED),
        hardware_profiles=(PROFILE_ID,),
        root_type="persistent",
        destroyable=not is_protected(row),
    )


def is_protected(row: Row) -> bool:
    """Return whether the vCenter has disabled destroying the virtual machine."""
    return "Destroy_Task" in row.texts(_DISABLED)


def _architecture(row: Row) -> str:
    """Return the architecture of the guest system: 64 bit where the vCenter knows none."""
    guest = row.text(_GUEST_ID)
    return "x86_64" if not guest or _GUEST_64.search(guest) or "64-bit" in row.text(_GUEST) else "i386"


def instance(row: Row, owner: str) -> Instance:
    """Return a virtual machine, ``ERROR`` if its host or files cannot be reached. Its realm is its first datastore."""
    state = _POWERED.get(row.text(_POWER), "UNKNOWN") if _is_connected(row) else "ERROR"
    public, private = _addresses(row)
    obstacle = _image_obstacle(row, state)
    return Instance(
        id=row.id,
        name=name(row),
        owner_id=owner,
        realm_id=next(iter(row.texts(_DATASTORES)), ""),
        state=state,
        hardware_profile_id=PROFILE_ID,
        overrides=_overrides({"cpu": row.integer(_CPUS), "memory": row.integer(_MEMORY)}),
        actions=_actions(row, state),
        can_create_image=not obstacle,
        image_obstacle=obstacle,
        launch_time=row.time(_BOOTED),
        public_addresses=public,
        private_addresses=private,
    )


def _actions(row: Row, state: str) -> tuple[str, ...]:
    """Return the actions that the state permits, without those that the vCenter has disabled for this machine."""
    if _is_agent(row):
        return ()
    disabled = set(row.texts(_DISABLED))
    return tuple(action for action in STATES.actions(state) if not _METHODS[action] <= disabled)


def _image_obstacle(row: Row, state: str) -> str:
    """Return why no image can be made of a machine; empty if one can."""
    if _is_agent(row):
        return "It belongs to the vCenter itself."
    if state != "STOPPED":
        return "It has to be STOPPED."
    if row.text(_POWER) != "poweredOff":
        return "It is suspended, and has to be powered off."
    return "The vCenter has disabled this for it." if "MarkAsTemplate" in row.texts(_DISABLED) else ""


def _is_agent(row: Row) -> bool:
    return row.member(_MANAGER, "extensionKey") == _AGENT_MANAGER


def pending(row: Row, owner: str) -> Instance:
    """Return a clone that is not finished, or has failed (``ERROR``). It has the task's id, because it has none yet."""
    return Instance(
        id=row.id,
        owner_id=owner,
        image_id=row.text("info.entity"),
        state=_TASK_STATES.get(row.text("info.state"), "ERROR"),
        hardware_profile_id=PROFILE_ID,
        launch_time=row.time("info.queueTime"),
    )


def is_clone(row: Row) -> bool:
    """Return whether a task clones a virtual machine."""
    return row.text("info.descriptionId") == _CLONE


def is_going_on(row: Row) -> bool:
    """Return whether a task is queued or running."""
    return _TASK_STATES.get(row.text("info.state")) == "PENDING"


def is_usable(row: Row) -> bool:
    """Return whether a datastore can be reached and is not under maintenance."""
    return row.text("summary.accessible") == "true" and row.text("summary.maintenanceMode") in ("", "normal")


def is_realm(row: Row) -> bool:
    """Return whether an object is a realm. A root resource pool is none, because its cluster stands for it."""
    return row.kind in _REALM_OPEN and (row.kind != "ResourcePool" or row.text("parent") != row.text("owner"))


_REALM_OPEN: Mapping[str, Callable[[Row], bool]] = {
    "ClusterComputeResource": lambda row: bool(row.integer("summary.numEffectiveHosts")),
    "Datastore": is_usable,
    "ResourcePool": lambda _: True,
    "StoragePod": lambda row: bool(row.texts("childEntity")),
}


def realm(row: Row) -> Realm:
    """Return a datastore or datastore cluster, whose limit is its free space in bytes, a cluster or a resource pool."""
    free = row.integer(FREE)
    state = "AVAILABLE" if _REALM_OPEN[row.kind](row) else "UNAVAILABLE"
    return Realm(row.id, name(row), state, "" if free is None else str(free))


def hardware_profile(hosts: Iterable[Row]) -> HardwareProfile:
    """Return the one size: up to the largest host in service, or to vSphere's maximum where no host is visible."""
    in_service = [host for host in hosts if is_in_service(host)]
    cpus = max(filter(None, (host.integer(HOST_SIZE[0]) for host in in_service)), default=_MAX_CPUS)
    memory_bytes = max(filter(None, (host.integer(HOST_SIZE[1]) for host in in_service)), default=_MAX_MEMORY_MB << 20)
    memory = max((memory_bytes >> 20) // 4 * 4, _LEAST_MEMORY_MB)
    return HardwareProfile(
        PROFILE_ID,
        PROFILE_ID,
        (
            Property("cpu", "1", "range", first="1", last=str(cpus)),
            Property("memory", str(min(1024, memory)), "range", first=str(_LEAST_MEMORY_MB), last=str(memory)),
            Property("architecture", "x86_64", "enum", entries=("x86_64", "i386")),
        ),
    )


def is_in_service(host: Row) -> bool:
    """Return whether a host is connected and not in maintenance mode."""
    connected = host.text("summary.runtime.connectionState") == "connected"
    return connected and host.text("summary.runtime.inMaintenanceMode") != "true"


def _is_connected(row: Row) -> bool:
    return row.text(_CONNECTION) == "connected"


def _overrides(sizes: Mapping[str, int | None]) -> tuple[Property, ...]:
    return tuple(Property(size, str(value)) for size, value in sizes.items() if value)


def _addresses(row: Row) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """Return the public and private IP addresses that the guest's tools report, else the MAC addresses."""
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
