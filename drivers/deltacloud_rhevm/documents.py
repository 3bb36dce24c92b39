"""The documents that are sent to an engine, in the shapes of either generation of its API."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from lxml import etree

from deltacloud_images.errors import ValidationFailure
from deltacloud_images.kit.values import integer
from deltacloud_images.models import NewInstance
from deltacloud_rhevm import convert

ACTION = b"<action/>"
#: The file on the medium that an instance finds its user data on, named as Deltacloud has always named it.
USER_DATA_FILE = "deltacloud-user-data.txt"
#: The label of the medium and the names of the files by which cloud-init finds user data. Source: "NoCloud" in
#: cloud-init's documentation. The engine's own cloud-init (``custom_script``) takes cloud-config alone, and no scripts.
CLOUD_INIT_LABEL = "cidata"
CLOUD_INIT_FILE = "user-data"
CLOUD_INIT_METADATA_FILE = "meta-data"
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Schema:
    """What an engine's documents look like: the ``version`` of the engine, and whether details are ``attributes``.

    They are in version 3 and have been elements since 4. oVirt 4.0 to 4.3 can speak the old shapes too
    (``/ovirt-engine/api/v3``), so the version alone does not tell.
    """

    version: tuple[int, int]
    attributes: bool

    @classmethod
    def of(cls, api: etree._Element) -> "Schema":
        """Of the engine whose entry point is given; the oldest one known where it does not tell."""
        version = api.find("product_info/version")
        if version is None:
            return cls((3, 0), True)
        major, minor = (integer(convert.value(version, name)) for name in ("major", "minor"))
        return cls((major, minor), version.get("major") is not None)


def template(vm_id: str, name: str, description: str) -> bytes:
    """A new template of a virtual machine."""
    root = etree.Element("template")
    _add(root, "name", name)
    _add(root, "description", description)
    _add(root, "vm", id=vm_id)
    return etree.tostring(root)


def vm(new: NewInstance, name: str, cluster_id: str, schema: Callable[[], Schema]) -> bytes:
    """A new virtual machine; ``schema`` is asked only where its shape differs among generations."""
    root = etree.Element("vm")
    _add(root, "name", name)
    _add(root, "template", id=new.image_id)
    _add(root, "cluster", id=cluster_id)
    if new.profile and new.profile.id in convert.PROFILE_IDS:
        _add(root, "type", new.profile.id.lower())
    elif new.profile:
        _add(root, "instance_type", id=new.profile.id)
    # An instance type's size is fixed: only what the two ranges allow can differ from the template.
    ranges = new.profile is None or new.profile.id in convert.PROFILE_IDS
    if ranges and "memory" in new.properties:
        _add(root, "memory", str(int(float(new.properties["memory"])) * _MIB))
    if ranges and "cpu" in new.properties:
        _add_topology(root, str(int(float(new.properties["cpu"]))), schema())
    if new.user_data:
        _add_user_data(root, _text(new.user_data), schema())
    return etree.tostring(root)


def _add_topology(root: etree._Element, cores: str, schema: Schema) -> None:
    cpu = _add(root, "cpu")
    if schema.attributes:
        _add(cpu, "topology", sockets="1", cores=cores)
    else:
        topology = _add(cpu, "topology")
        _add(topology, "sockets", "1")
        _add(topology, "cores", cores)


def _add_user_data(root: etree._Element, content: str, schema: Schema) -> None:
    """Add user data for cloud-init: on a floppy disk, or since 4 on a CD, because Q35 machines have no floppy drive."""
    payload = _add(_add(root, "payloads"), "payload")
    if schema.attributes:
        payload.set("type", "floppy")
    else:
        _add(payload, "type", "cdrom")
    if schema.version < (3, 3):  # one file, and no label
        _add(_add(payload, "file", name=USER_DATA_FILE), "content", content)
        return
    _add(payload, "volume_id", CLOUD_INIT_LABEL)
    files = _add(payload, "files")
    metadata = f"instance-id: {uuid4()}\n"
    for name, text in ((CLOUD_INIT_METADATA_FILE, metadata), (CLOUD_INIT_FILE, content), (USER_DATA_FILE, content)):
        file = _add(files, "file")
        _add(file, "name", name)
        _add(file, "content", text)


def _text(user_data: bytes) -> str:
    try:
        return user_data.decode()
    except UnicodeDecodeError:
        raise ValidationFailure("user_data is not UTF-8 text, and RHEV-M takes nothing else.") from None


def _add(parent: etree._Element, tag: str, text: str = "", **attributes: str) -> etree._Element:
    child = etree.SubElement(parent, tag, attributes)
    if text:
        try:
            child.text = text
        except ValueError as error:
            raise ValidationFailure(f"The {tag} holds characters that RHEV-M cannot take.") from error
    return child
