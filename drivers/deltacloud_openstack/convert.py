"""Glance's and nova's records as models."""

from collections.abc import Callable, Mapping
from typing import Any

from deltacloud_images.kit import values
from deltacloud_images.models import Address, Authentication, Image, Instance, Realm
from deltacloud_openstack import states
from deltacloud_openstack.sizes import Sizes

Record = Mapping[str, Any]

#: The properties that name an image's architecture, most trusted first. The last is that of Rackspace's own images.
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
    "DEACTIVATED": ("deactivated",),
    "FAILED": ("killed", "error"),
}
_IMAGE_STATE = {status: state for state, statuses in IMAGE_STATES.items() for status in statuses}
#: Images that are being deleted are not shown.
GONE = frozenset({"deleted", "pending_delete"})


def image_reader(
    project_id: str, is_admin: bool, sizes: Sizes, architecture_properties: tuple[str, ...]
) -> Callable[[Record], Image | None]:
    """Return what converts glance's records into images as that project sees them: ``None`` for those that are gone."""

    def read(record: Record) -> Image | None:
        status = values.text(record.get("status"))
        if status in GONE:
            return None
        image_id = values.required(record.get("id"), str, "image id")
        owner = values.text(record.get("owner"))
        return Image(
            id=image_id,
            name=values.text(record.get("name")) or image_id,
            description=values.text(record.get("description")),
            owner_id=owner,
            architecture=architecture(record, architecture_properties),
            state=_IMAGE_STATE.get(status, "UNKNOWN"),
            creation_time=values.time(record.get("created_at")),
            hardware_profiles=sizes.links(record.get("min_disk"), record.get("min_ram")),
            root_type="persistent" if has_volume(record) else "transient",
            destroyable=not record.get("protected") and (is_admin or owner in ("", project_id)),
        )

    return read


def as_glance(record: Record) -> dict[str, Any]:
    """Return a record of nova's image API as glance's v2 has it: the image's properties beside its fields.

    Nova's percentage alone tells QUEUED from PREPARING. Raises ``MalformedRecord`` without an id.
    """
    status = values.text(record.get("status"))
    known = {"SAVING": "queued" if record.get("progress") == 25 else "saving", "ERROR": "error"}
    metadata = values.mapping(record.get("metadata"))
    return {
        **metadata,
        "id": values.required(record.get("id"), str, "image id"),
        "name": record.get("name"),
        "owner": metadata.get("owner_id"),
        "status": known.get(status, status.lower()),
        "created_at": record.get("created"),
        "min_disk": record.get("minDisk"),
        "min_ram": record.get("minRam"),
        "protected": False,
    }


def architecture(record: Record, properties: tuple[str, ...] = ARCHITECTURE_PROPERTIES) -> str:
    """Return the API's word for it where there is one, else the cloud's; x86_64 if the image names none."""
    for name in properties:
        if value := values.text(record.get(name)):
            return _ARCHITECTURE.get(value.lower()) or value
    return DEFAULT_ARCHITECTURE


def has_volume(record: Record) -> bool:
    """Whether instances of the image boot from a volume: nova notes the volumes' snapshots as text in JSON."""
    return record.get("block_device_mapping") not in (None, "", "[]")


def instance(record: Record) -> Instance:
    """Return a record of nova's ``servers`` as an instance; raise ``MalformedRecord`` without an id."""
    status, task = values.text(record.get("status")), values.text(record.get("OS-EXT-STS:task_state"))
    public, private = _addresses(values.mapping(record.get("addresses")))
    return Instance(
        id=values.required(record.get("id"), str, "server id"),
        name=values.text(record.get("name")),
        owner_id=values.text(record.get("tenant_id")),
        image_id=values.text(values.mapping(record.get("image")).get("id")),
        realm_id=values.text(record.get("OS-EXT-AZ:availability_zone")),
        state=states.state(status, task),
        hardware_profile_id=values.text(values.mapping(record.get("flavor")).get("id")),
        actions=states.actions(status, task, locked=bool(record.get("locked"))),
        can_create_image=status in states.IMAGEABLE and not task,
        launch_time=values.time(record.get("created")),
        public_addresses=public,
        private_addresses=private,
        authentication=Authentication(keyname=values.text(record.get("key_name"))),
    )


def realm(record: Record) -> Realm:
    """Return an availability zone; raise ``MalformedRecord`` without a name."""
    name = values.required(record.get("zoneName"), str, "zone name")
    available = values.mapping(record.get("zoneState")).get("available")
    return Realm(name, name, "AVAILABLE" if available else "UNAVAILABLE")


def _addresses(networks: Record) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """Return public addresses (floating, or routed on the internet) and private ones."""
    public: list[Address] = []
    private: list[Address] = []
    for record in (values.mapping(each) for network in networks.values() for each in values.array(network)):
        if address := values.address(record.get("addr")):
            floating = record.get("OS-EXT-IPS:type") == "floating"
            (public if floating or values.is_public(address) else private).append(address)
    return tuple(public), tuple(private)
