"""Glance's and nova's records as models."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from deltacloud_images.models import Address, Authentication, Image, Instance, Realm
from deltacloud_openstack import states
from deltacloud_openstack.errors import MalformedAnswer
from deltacloud_openstack.sizes import Sizes

Record = Mapping[str, Any]

#: Where images tell their architecture, most trusted first. The last is what Rackspace's own images have.
ARCHITECTURE_PROPERTIES = ("architecture", "arch", "hw_architecture", "org.openstack__1__architecture")
#: The API's architectures, each with the names that clouds give it.
ARCHITECTURES = {
    "x86_64": ("x86_64", "x86-64", "x64", "amd64"),
    "i386": ("i386", "i486", "i586", "i686", "x86"),
    "arm64": ("arm64", "aarch64"),
}
DEFAULT_ARCHITECTURE = "x86_64"
_ARCHITECTURE = {alias: name for name, aliases in ARCHITECTURES.items() for alias in aliases}

#: The API's states of images, each with glance's statuses. Statuses that are not here are UNKNOWN.
IMAGE_STATES = {
    "QUEUED": ("queued",),
    "PREPARING": ("saving", "importing", "uploading"),
    "ACTIVE": ("active",),
    "FAILED": ("killed", "error"),
}
_IMAGE_STATE = {status: state for state, statuses in IMAGE_STATES.items() for status in statuses}
#: Images on their way out are not shown.
GONE = frozenset({"deleted", "pending_delete"})


def image_reader(
    project_id: str, is_admin: bool, sizes: Sizes, architecture_properties: tuple[str, ...]
) -> Callable[[Record], Image]:
    """What turns glance's records into images as that project sees them."""

    def read(record: Record) -> Image:
        try:
            owner = record.get("owner") or ""
            return Image(
                id=record["id"],
                name=record.get("name") or record["id"],
                description=record.get("description") or "",
                owner_id=owner,
                architecture=architecture(record, architecture_properties),
                state=_IMAGE_STATE.get(record["status"], "UNKNOWN"),
                creation_time=time(record.get("created_at")),
                hardware_profiles=sizes.links(record.get("min_disk") or 0, record.get("min_ram") or 0),
                root_type="persistent" if has_volume(record) else "transient",
                destroyable=not record.get("protected") and (is_admin or owner in ("", project_id)),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MalformedAnswer("an image without what every image has") from error

    return read


def as_glance(record: Record) -> dict[str, Any]:
    """A record of nova's image API as glance's v2 would tell it: the image's properties beside its fields.

    Nova tells QUEUED and PREPARING apart by its percentage only.
    """
    try:
        status = {"SAVING": "queued" if record.get("progress") == 25 else "saving", "ERROR": "error"}
        metadata = record.get("metadata") or {}
        return {
            **metadata,
            "id": record["id"],
            "name": record.get("name"),
            "owner": metadata.get("owner_id"),
            "status": status.get(record["status"], record["status"].lower()),
            "created_at": record.get("created"),
            "min_disk": record.get("minDisk"),
            "min_ram": record.get("minRam"),
            "protected": False,
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise MalformedAnswer("an image without what every image has") from error


def architecture(record: Record, properties: tuple[str, ...] = ARCHITECTURE_PROPERTIES) -> str:
    """In the API's words where it has one; x86_64 if the image does not tell."""
    for name in properties:
        if value := record.get(name):
            return _ARCHITECTURE.get(value.lower()) or str(value)
    return DEFAULT_ARCHITECTURE


def has_volume(record: Record) -> bool:
    """Whether instances of the image boot from a volume: nova notes the volumes' snapshots as text in JSON."""
    return record.get("block_device_mapping") not in (None, "", "[]")


def instance(record: Record) -> Instance:
    """An instance, from a record of nova's ``servers``."""
    try:
        status, task = record["status"], record.get("OS-EXT-STS:task_state")
        public, private = _addresses(record.get("addresses") or {})
        return Instance(
            id=record["id"],
            name=record.get("name") or "",
            owner_id=record.get("tenant_id") or "",
            image_id=(record.get("image") or {}).get("id", ""),
            realm_id=record.get("OS-EXT-AZ:availability_zone") or "",
            state=states.state(status, task),
            hardware_profile_id=str((record.get("flavor") or {}).get("id", "")),
            actions=states.actions(status, task, locked=bool(record.get("locked"))),
            can_create_image=status in states.IMAGEABLE and task is None,
            launch_time=time(record.get("created")),
            public_addresses=public,
            private_addresses=private,
            authentication=Authentication(keyname=record.get("key_name") or ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedAnswer("a server without what every server has") from error


def realm(record: Record) -> Realm:
    """An availability zone."""
    try:
        available = record["zoneState"]["available"]
        return Realm(record["zoneName"], record["zoneName"], "AVAILABLE" if available else "UNAVAILABLE")
    except (KeyError, TypeError) as error:
        raise MalformedAnswer("an availability zone without a name or state") from error


def time(text: str | None) -> datetime | None:
    """An aware time in UTC. Times without a zone are UTC: nova and glance know no other."""
    if not text:
        return None
    known = datetime.fromisoformat(text)
    return known.replace(tzinfo=UTC) if known.tzinfo is None else known.astimezone(UTC)


def _addresses(networks: Mapping[str, list[Record]]) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """Public ones (floating, or routed on the internet) and private ones."""
    public: list[Address] = []
    private: list[Address] = []
    for record in (each for network in networks.values() for each in network):
        address = Address(record["addr"], "ipv6" if record.get("version") == 6 else "ipv4")
        floating = record.get("OS-EXT-IPS:type") == "floating"
        (public if floating or ip_address(address.address).is_global else private).append(address)
    return tuple(public), tuple(private)
