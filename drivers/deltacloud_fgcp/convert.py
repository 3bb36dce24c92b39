"""FGCP's elements as models, and the states that its servers have."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

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

#: What FGCP's elements are in, as a prefix.
NAMESPACE = "{http://apioviss.jp.fujitsu.com}"
#: What an image is called until FGCP has given it an id.
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
_SERVER_ID = re.compile(r"((\w+)-\w+)-S-\d+", re.ASCII)
_NETWORK_ID = re.compile(r"(\w+-\w+)-N-(\w+)", re.ASCII)
_SYSTEM_ID = re.compile(r"\w+-\w+", re.ASCII)
_IMAGE_ID = re.compile(r"[\w-]{1,128}", re.ASCII)


def text(element: "Element", name: str) -> str:
    """The text of a child; empty if there is none."""
    return (element.findtext(NAMESPACE + name) or "").strip()


def _texts(element: "Element") -> dict[str, str]:
    """The texts of all children, by name: in long lists much faster than asking for each."""
    return {child.tag.removeprefix(NAMESPACE): (child.text or "").strip() for child in element}


def children(element: "Element", group: str, name: str) -> list["Element"]:
    """The elements of that name in a child ``group``, which FGCP leaves out where there are none."""
    return element.findall(f"{NAMESPACE}{group}/{NAMESPACE}{name}")


def system_of(item_id: str) -> str | None:
    """The virtual system that a server, a network or a system id belongs to; ``None`` for other texts."""
    for pattern in (_SERVER_ID, _NETWORK_ID):
        if match := pattern.fullmatch(item_id):
            return match[1]
    return item_id if _SYSTEM_ID.fullmatch(item_id) else None


def contract_of(item_id: str) -> str:
    """The contract, FGCP's account, that a virtual system or what is in it belongs to."""
    return item_id.partition("-")[0]


def is_server_id(text: str) -> bool:
    """Whether a virtual server could have that id."""
    return _SERVER_ID.fullmatch(text) is not None


def is_image_id(text: str) -> bool:
    """Whether a disk image could have that id."""
    return _IMAGE_ID.fullmatch(text) is not None


def images(document: "Element", profiles: Sequence[HardwareProfile]) -> Iterator[Image]:
    """The images of ``ListDiskImage``; FGCP keeps no state for them: what is listed can be used."""
    every = tuple(profile.id for profile in profiles)
    narrow = tuple(profile.id for profile in profiles if _memory(profile) <= _NARROW_MB)
    for element in children(document, "diskimages", "diskimage"):
        texts = _texts(element)
        image_id, system = texts.get("diskimageId", ""), texts.get("osName", "")
        architecture = "i386" if _NARROW.search(system) else "x86_64"
        yield Image(
            id=image_id,
            name=texts.get("diskimageName") or image_id,
            description=texts.get("description", ""),
            owner_id=texts.get("registrant", ""),
            architecture=architecture,
            state="AVAILABLE",
            hardware_profiles=narrow if architecture == "i386" and system.startswith(_NARROW_SYSTEMS) else every,
            root_type="persistent",
        )


def pending_image(name: str, description: str = "", owner_id: str = "", architecture: str = "") -> Image:
    """An image that FGCP is making: it tells nothing of it, so each later request knows only the name."""
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
    """The document that asks for an image of a server, with its texts in both of FGCP's languages."""
    texts = f"<name>{escape(name)}</name><description>{escape(description)}</description>"
    locales = "".join(f"<locale><lcid>{language}</lcid>{texts}</locale>" for language in ("en", "ja"))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Request><vserverId>{escape(server_id)}</vserverId><locales>{locales}</locales></Request>"
    )


def hardware_profile(element: "Element") -> HardwareProfile:
    """A server type. Its name is its id, as at launch; storage comes with the image."""
    cpu, memory = element.find(f"{NAMESPACE}cpu"), element.find(f"{NAMESPACE}memory")
    name = text(element, "name")
    properties = []
    if cpu is not None:
        amount = float(text(cpu, "cpuPerf") or 1) * float(text(cpu, "numOfCpu") or 1)
        properties.append(Property("cpu", f"{amount:g}"))
    if memory is not None:
        properties.append(Property("memory", f"{float(text(memory, 'memorySize')) * 1024:.10g}"))
    if cpu is not None:
        architecture = text(cpu, "cpuArch")
        properties.append(Property("architecture", _ARCHITECTURES.get(architecture, architecture)))
    return HardwareProfile(name, name, tuple(properties))


def smallest(profiles: Sequence[HardwareProfile]) -> HardwareProfile:
    """The one with the least memory."""
    return min(profiles, key=_memory)


def _memory(profile: HardwareProfile) -> float:
    memory = profile.property("memory")
    return float(memory.value) if memory else float("inf")


def realms(system: "Element") -> Iterator[Realm]:
    """A virtual system and its network segments, from ``GetVSYSConfiguration``."""
    yield realm(system)
    for network_id in networks(system):
        yield realm(system, network_id)


def realm(system: "Element", network_id: str = "") -> Realm:
    """A virtual system, or one of its networks: ``Name`` or ``Name [DMZ]``."""
    name = text(system, "vsysName")
    if match := _NETWORK_ID.fullmatch(network_id):
        name += f" [{match[2]}]"
    return Realm(network_id or text(system, "vsysId"), name or network_id)


def networks(system: "Element") -> list[str]:
    """The ids of a virtual system's network segments."""
    return [text(vnet, "networkId") for vnet in children(system, "vnets", "vnet")]


def servers(system: "Element") -> list["Element"]:
    """The virtual servers of ``GetVSYSConfiguration``: its firewall and load balancers stand among them there."""
    return [each for each in children(system, "vservers", "vserver") if _is_server(each)]


def _is_server(element: "Element") -> bool:
    """The first network card of a server has number 0, that of a load balancer or firewall has not."""
    cards = children(element, "vnics", "vnic")
    number = text(cards[0], "nicNo") if cards else ""
    return text(element, "vserverType") not in ("firewall", "slb") and number in ("", "0")


def instance(element: "Element", status: str) -> Instance:
    """A ``vserver`` of ``GetVSYSConfiguration`` in its ``vserverStatus``. A status that is new to us is UNKNOWN."""
    state = _STATES.get(status, "UNKNOWN")
    cards = children(element, "vnics", "vnic")
    addresses = [text(card, "privateIp") for card in cards]
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
        private_addresses=tuple(Address(each, "ipv6" if ":" in each else "ipv4") for each in addresses if each),
    )
