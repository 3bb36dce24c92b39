"""Conversion of FGCP's elements to models, and the states of its servers."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from deltacloud_images.errors import ProviderError
from deltacloud_images.kit import values
from deltacloud_images.models import (
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

#: The XML namespace of FGCP's elements, as a prefix of their names.
NAMESPACE = "{http://apioviss.jp.fujitsu.com}"
#: The prefix of an image's provisional id, which is followed by its name.
PENDING = "PENDING-"

#: A new server stays stopped until it is started, only a stopped one is destroyed, and there is no reboot.
STATES = StateMachine(
    Transition("start", "pending", "create"),
    Transition("pending", "stopped"),
    Transition("running", "stopping", "stop"),
    Transition("stopping", "stopped"),
    Transition("stopped", "running", "start"),
    Transition("stopped", "finish", "destroy"),
    Transition("pending", "error"),
    Transition("running", "error"),
    Transition("stopping", "error"),
)
# FGCP's ``vserverStatus``. After a failed start or stop, the same is possible as before.
_STATES = {
    "DEPLOYING": "PENDING",
    "STARTING": "PENDING",
    "RESTORING": "PENDING",
    "BACKUP_ING": "PENDING",
    "REGISTERING": "PENDING",
    "CHANGE_TYPE": "PENDING",
    "RUNNING": "RUNNING",
    "FAILOVER": "RUNNING",
    "STOP_ERROR": "RUNNING",
    "STOPPING": "STOPPING",
    "STOPPED": "STOPPED",
    "UNEXPECTED_STOP": "STOPPED",
    "START_ERROR": "STOPPED",
    "ERROR": "ERROR",
}
# 32-bit systems of these kinds are refused on servers with more memory.
_NARROW = re.compile(r"32.?bit")
_NARROW_SYSTEMS = ("CentOS", "Red Hat")
_NARROW_MB = 16_000
_ARCHITECTURES = {"IA": "x86_64"}
_IMAGE_ID = f"{NAMESPACE}diskimageId"
_IMAGE_NAME = f"{NAMESPACE}diskimageName"
_IMAGE_DESCRIPTION = f"{NAMESPACE}description"
_IMAGE_OWNER = f"{NAMESPACE}registrant"
_IMAGE_SYSTEM = f"{NAMESPACE}osName"
_SERVER_ID = re.compile(r"((\w+)-\w+)-S-\d+", re.ASCII)
_NETWORK_ID = re.compile(r"(\w+-\w+)-N-(\w+)", re.ASCII)
_SYSTEM_ID = re.compile(r"\w+-\w+", re.ASCII)
_IMAGE_ID_FORM = re.compile(r"[\w-]{1,128}", re.ASCII)


def text(element: "Element", *path: str) -> str:
    """Return the text of a child, or of the descendant at the end of a path; empty if there is none."""
    return (element.findtext("/".join(NAMESPACE + name for name in path)) or "").strip()


def children(element: "Element", group: str, name: str) -> list["Element"]:
    """Return the elements of that name in a child ``group``, which FGCP leaves out where there are none."""
    return element.findall(f"{NAMESPACE}{group}/{NAMESPACE}{name}")


def system_of(item_id: str) -> str | None:
    """Return the id of the virtual system of a server, network or system id; ``None`` for other texts."""
    for pattern in (_SERVER_ID, _NETWORK_ID):
        if match := pattern.fullmatch(item_id):
            return match[1]
    return item_id if _SYSTEM_ID.fullmatch(item_id) else None


def contract_of(item_id: str) -> str:
    """Return the contract, FGCP's account, in the id of a virtual system or of something in it."""
    return item_id.partition("-")[0]


def is_server_id(text: str) -> bool:
    """Return whether the text has the form of a virtual server's id."""
    return _SERVER_ID.fullmatch(text) is not None


def is_image_id(text: str) -> bool:
    """Return whether the text has the form of a disk image's id."""
    return _IMAGE_ID_FORM.fullmatch(text) is not None


def images(document: "Element", profiles: Sequence[HardwareProfile]) -> Iterator[Image]:
    """Yield the images of ``ListDiskImage``. FGCP has no state of images: each one that it lists can be used."""
    every = tuple(profile.id for profile in profiles)
    narrow = tuple(profile.id for profile in profiles if _memory(profile) <= _NARROW_MB)
    elements = children(document, "diskimages", "diskimage")
    return values.converted(elements, lambda element: _image(element, every, narrow), "image")


def _image(element: "Element", every: tuple[str, ...], narrow: tuple[str, ...]) -> Image:
    # In long lists one pass over the children is much faster than one search for each.
    texts = {child.tag: child.text for child in element if child.text}
    image_id = values.required(texts.get(_IMAGE_ID), str, "id of an image")
    system = texts.get(_IMAGE_SYSTEM, "")
    architecture = "i386" if _NARROW.search(system) else "x86_64"
    return Image(
        id=image_id,
        name=texts.get(_IMAGE_NAME) or image_id,
        description=texts.get(_IMAGE_DESCRIPTION, ""),
        owner_id=texts.get(_IMAGE_OWNER, ""),
        architecture=architecture,
        state="AVAILABLE",
        hardware_profiles=narrow if architecture == "i386" and system.startswith(_NARROW_SYSTEMS) else every,
        root_type="persistent",
    )


def pending_image(name: str, description: str = "", owner_id: str = "", architecture: str = "") -> Image:
    """Return an image that FGCP is making. FGCP does not show it, so that later requests know only its name."""
    return Image(
        id=PENDING + name,
        name=name,
        description=description,
        owner_id=owner_id,
        architecture=architecture,
        state="PENDING",
        root_type="persistent",
        destroyable=False,
    )


def registration(server_id: str, name: str, description: str) -> str:
    """Return the document that requests an image of a server, with its texts in both of FGCP's languages."""
    texts = f"<name>{escape(name)}</name><description>{escape(description)}</description>"
    locales = "".join(f"<locale><lcid>{language}</lcid>{texts}</locale>" for language in ("en", "ja"))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Request><vserverId>{escape(server_id)}</vserverId><locales>{locales}</locales></Request>"
    )


def hardware_profiles(document: "Element") -> tuple[HardwareProfile, ...]:
    """Return the server types of ``ListServerType``."""
    elements = children(document, "servertypes", "servertype")
    return tuple(values.converted(elements, _hardware_profile, "hardware profile"))


def _hardware_profile(element: "Element") -> HardwareProfile:
    """Return a server type. Its name is its id, as at launch; storage comes with the image."""
    name = values.required(text(element, "name"), str, "name of a server type")
    architecture = text(element, "cpu", "cpuArch")
    known = {
        "cpu": _amount(_cpu(text(element, "cpu", "cpuPerf"), text(element, "cpu", "numOfCpu"))),
        "memory": _amount((values.decimal(text(element, "memory", "memorySize")) or 0) * 1024),
        "architecture": _ARCHITECTURES.get(architecture, architecture),
    }
    return HardwareProfile(name, name, tuple(Property(key, value) for key, value in known.items() if value))


def _cpu(performance: str, number: str) -> float:
    """Return the performance of all processors, each factor 1 where it is missing; 0 where there is none."""
    if not performance and not number:
        return 0
    return (values.decimal(performance or "1") or 0) * (values.decimal(number or "1") or 0)


def _amount(number: float) -> str:
    return f"{number:.10g}" if number else ""


def smallest(profiles: Sequence[HardwareProfile]) -> HardwareProfile:
    """Return the server type with the least memory; raise ``ProviderError`` if there is no server type."""
    if not profiles:
        raise ProviderError("FGCP lists no server types.")
    return min(profiles, key=_memory)


def _memory(profile: HardwareProfile) -> float:
    memory = profile.property("memory")
    return float(memory.value) if memory else float("inf")


def realms(system: "Element") -> Iterator[Realm]:
    """Yield a virtual system and its network segments, from ``GetVSYSConfiguration``."""
    for realm_id in (text(system, "vsysId"), *networks(system)):
        if realm_id:
            yield realm(system, realm_id)


def realm(system: "Element", realm_id: str) -> Realm:
    """Return a virtual system, or one of its network segments, with the name ``Name`` or ``Name [DMZ]``."""
    name = text(system, "vsysName")
    if match := _NETWORK_ID.fullmatch(realm_id):
        name += f" [{match[2]}]"
    return Realm(realm_id, name or realm_id)


def networks(system: "Element") -> list[str]:
    """Return the ids of a virtual system's network segments."""
    return [network_id for vnet in children(system, "vnets", "vnet") if (network_id := text(vnet, "networkId"))]


def servers(system: "Element") -> list["Element"]:
    """Return the virtual servers of ``GetVSYSConfiguration``, without the firewall and load balancers among them."""
    return [each for each in children(system, "vservers", "vserver") if _is_server(each)]


def _is_server(element: "Element") -> bool:
    """Return whether it has a server's id, and no load balancer's or firewall's number of its first network card."""
    cards = children(element, "vnics", "vnic")
    number = text(cards[0], "nicNo") if cards else ""
    is_device = text(element, "vserverType") in ("firewall", "slb") or number not in ("", "0")
    return is_server_id(text(element, "vserverId")) and not is_device


def instance(element: "Element", status: str) -> Instance:
    """Return a ``vserver`` of ``GetVSYSConfiguration`` in its ``vserverStatus``; other statuses are UNKNOWN."""
    state = _STATES.get(status, "UNKNOWN")
    cards = children(element, "vnics", "vnic")
    addresses = (values.address(text(card, "privateIp")) for card in cards)
    return Instance(
        id=text(element, "vserverId"),
        name=text(element, "vserverName"),
        owner_id=text(element, "creator"),
        image_id=text(element, "diskimageId"),
        realm_id=text(cards[0], "networkId") if cards else system_of(text(element, "vserverId")) or "",
        state=state,
        hardware_profile_id=text(element, "vserverType"),
        actions=STATES.actions(state),
        can_create_image=state == "STOPPED",
        image_obstacle="" if state == "STOPPED" else "It has to be STOPPED.",
        private_addresses=tuple(each for each in addresses if each),
    )
