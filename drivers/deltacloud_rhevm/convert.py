"""The engine's elements, of either generation of its API, as models; and the sizes and states that it has."""

from collections.abc import Callable
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

#: The template that every engine has, and that is empty: no image.
BLANK = "00000000-0000-0000-0000-000000000000"

_MIB = 2**20
#: What RHEV-M 3.1 allows a virtual machine at most: 160 virtual processors and 2 TiB of memory.
_RANGES = (
    Property("cpu", "1", "range", first="1", last="160"),
    Property("memory", "512", "range", first="512", last=str(2 * _MIB)),
    Property("architecture", "x86_64"),
)
#: A virtual machine's two types, which are all the sizes that Deltacloud has ever had here. What is not asked for at
#: launch is as in the template.
HARDWARE_PROFILES = (HardwareProfile("SERVER", "SERVER", _RANGES), HardwareProfile("DESKTOP", "DESKTOP", _RANGES))
PROFILE_IDS = tuple(profile.id for profile in HARDWARE_PROFILES)

STATES = StateMachine(
    Transition("start", "pending"),
    Transition("pending", "stopped"),
    Transition("pending", "running"),
    Transition("pending", "pending", "reboot"),
    Transition("pending", "stopping", "stop"),
    Transition("running", "running", "reboot"),
    Transition("running", "stopping", "stop"),
    Transition("stopping", "stopped"),
    Transition("stopped", "pending", "start"),
    Transition("stopped", "finish", "destroy"),
)

# The engine's status -> the API's state, and the actions that the engine accepts then.
_STATUSES: dict[str, tuple[str, tuple[str, ...]]] = {
    "up": ("RUNNING", ("reboot", "stop")),
    "migrating": ("RUNNING", ("stop",)),
    "migrating_from": ("RUNNING", ("stop",)),
    "migrating_to": ("RUNNING", ("stop",)),
    "not_responding": ("RUNNING", ("stop",)),
    "wait_for_launch": ("PENDING", ("stop",)),
    "powering_up": ("PENDING", ("reboot", "stop")),
    "reboot_in_progress": ("PENDING", ("stop",)),
    "saving_state": ("PENDING", ()),
    "restoring_state": ("PENDING", ()),
    "image_locked": ("PENDING", ()),
    "powering_down": ("STOPPING", ()),
    "down": ("STOPPED", ("start", "destroy")),
    "paused": ("RUNNING", ("start",)),  # in memory, by an administrator or because of an error of the storage
    "suspended": ("STOPPED", ("start",)),
    "image_illegal": ("STOPPED", ("destroy",)),
}
_UNCLEAR = ("UNKNOWN", ())  # also the engine's own unknown: the host does not respond, and the machine may run
_LINK_LOCAL = "fe80:"
_ARCHITECTURES = {"": "x86_64", "undefined": "x86_64", "aarch64": "arm64"}


def image(element: "Element", user: str, linked_profiles: Callable[[bool], tuple[str, ...]]) -> Image:
    """Return a template as an image, said to be its reader's: the API does not tell who made it.

    ``linked_profiles`` returns the ids of the sizes to link; its argument tells whether the template has the shapes of
    version 3.
    """
    parts = {part.tag: part for part in element}  # lists are long: one walk takes half the time of a search for each
    architecture = _texts(parts["cpu"]).get("architecture", "").lower() if "cpu" in parts else ""
    status = parts.get("status")
    return Image(
        id=_id(element),
        name=_versioned(_text_of(parts.get("name")), parts["version"])
        if "version" in parts
        else _text_of(parts.get("name")),
        description=_text_of(parts.get("description")),
        owner_id=user,
        architecture=_ARCHITECTURES.get(architecture, architecture),
        state=_status_of(status).upper(),
        creation_time=values.time(parts["creation_time"].text if "creation_time" in parts else None),
        hardware_profiles=linked_profiles(status is not None and len(status) > 0),
        root_type="persistent",
        destroyable="delete_protected" not in parts or _text_of(parts["delete_protected"]).lower() != "true",
    )


def realm(element: "Element", up: set[str]) -> Realm:
    """A cluster; ``up`` are the ids of the data centers that are."""
    available = link(element, "data_center") in up
    return Realm(_id(element), _text(element, "name"), "AVAILABLE" if available else "UNAVAILABLE")


def instance(element: "Element", user: str) -> Instance:
    """A virtual machine, said to be its reader's, with the addresses that are in its element."""
    said = status(element)
    state, actions = _STATUSES.get(said, _UNCLEAR)
    if "reboot" not in {link.get("rel") for link in element.iterfind("actions/link")}:
        actions = tuple(action for action in actions if action != "reboot")
    instance_type = link(element, "instance_type")
    image_id = link(element, "template")
    return Instance(
        id=_id(element),
        name=_text(element, "name"),
        owner_id=user,
        image_id="" if image_id == BLANK else image_id,
        realm_id=link(element, "cluster"),
        state=state,
        hardware_profile_id=instance_type or ("DESKTOP" if _text(element, "type").lower() == "desktop" else "SERVER"),
        overrides=() if instance_type else _size(element),
        actions=actions,
        can_create_image=said == "down",
        image_obstacle="" if said == "down" else "It has to be STOPPED.",
        launch_time=values.time(_text(element, "creation_time")),
        public_addresses=addresses(element),
    )


def addresses(element: "Element") -> tuple[Address, ...]:
    """The internet addresses that a guest's agent has reported, else the hardware addresses of its network cards."""
    reported = (*element.iterfind("guest_info/ips/ip"), *element.iterfind(".//reported_device/ips/ip"))
    found = dict.fromkeys(value(ip, "address") for ip in reported)
    known = (values.address(each) for each in found if not each.lower().startswith(_LINK_LOCAL))
    if public := tuple(each for each in known if each):
        return public
    cards = dict.fromkeys(value(mac, "address") for mac in element.iterfind(".//nic/mac"))
    return tuple(Address(each, "mac") for each in cards if each)


def hardware_profile(element: "Element") -> HardwareProfile:
    """An instance type."""
    return HardwareProfile(_id(element), _text(element, "name"), (*_size(element), _RANGES[-1]))


def status(element: "Element") -> str:
    """The status in lower case, wherever the generation has it; empty where there is none."""
    return _status_of(element.find("status"))


def is_old(element: "Element") -> bool:
    """Whether a resource that has a status is in the shapes of version 3: a ``state`` within the ``status``."""
    found = element.find("status")
    return found is not None and len(found) > 0


def value(element: "Element", name: str) -> str:
    """What is an attribute in version 3 and an element in 4; empty where it is neither."""
    return element.get(name) or _text(element, name)


def link(element: "Element", name: str) -> str:
    """The id of the resource that the element refers to by that name; empty where there is none."""
    found = element.find(name)
    return "" if found is None else found.get("id", "")


def _versioned(name: str, version: "Element") -> str:
    """Return a template's name with its version, because all versions share the name; the first one has it alone."""
    texts = _texts(version)
    number = texts.get("version_number") or "1"
    return name if number == "1" else f"{name} ({texts.get('version_name') or number})"


def _id(element: "Element") -> str:
    return values.required(element.get("id"), str, "id")


def _size(element: "Element") -> tuple[Property, ...]:
    cores = 1
    for topology in element.iterfind("cpu/topology"):
        for name in ("sockets", "cores", "threads"):
            cores *= values.integer(value(topology, name), 1) or 1
    memory = values.integer(_text(element, "memory"))
    return (Property("cpu", str(cores)), *((Property("memory", str(memory // _MIB)),) if memory else ()))


def _status_of(found: "Element | None") -> str:
    """``<status><state>ok</state></status>`` in version 3, ``<status>ok</status>`` in 4."""
    return _text_of(found[0] if found is not None and len(found) else found).lower()


def _texts(element: "Element | None") -> dict[str, str]:
    """Return the texts of an element's children by their tags, in a third of the time that paths take."""
    return {} if element is None else {part.tag: part.text or "" for part in element}


def _text(element: "Element", path: str) -> str:
    return (element.findtext(path) or "").strip()


def _text_of(found: "Element | None") -> str:
    return "" if found is None else (found.text or "").strip()
