"""EC2's records as models, and the states that its instances have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deltacloud_images.kit import values
from deltacloud_images.models import (
    Address,
    Authentication,
    HardwareProfile,
    Image,
    Instance,
    Property,
    Realm,
    StateMachine,
    Transition,
)

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import (
        AvailabilityZoneTypeDef,
        InstanceTypeDef,
        InstanceTypeInfoTypeDef,
        SubnetTypeDef,
    )

    #: An instance's record, and its owner's account number, which its reservation tells.
    OwnedInstance = tuple[InstanceTypeDef, str]

#: "Amazon EC2 instance state changes" in the EC2 User Guide; what instance-store instances cannot do is left out by
#: ``instance``.
STATES = StateMachine(
    Transition("start", "pending", "create"),
    Transition("pending", "running"),
    Transition("pending", "shutting_down", "destroy"),
    Transition("running", "running", "reboot"),
    Transition("running", "stopping", "stop"),
    Transition("running", "shutting_down", "destroy"),
    Transition("stopping", "stopped"),
    Transition("stopping", "shutting_down", "destroy"),
    Transition("stopped", "pending", "start"),
    Transition("stopped", "shutting_down", "destroy"),
    Transition("shutting_down", "finish"),
)

#: EC2's states of instances -> the API's.
INSTANCE_STATES = {
    "pending": "PENDING",
    "running": "RUNNING",
    "stopping": "STOPPING",
    "stopped": "STOPPED",
    "shutting-down": "SHUTTING_DOWN",
    "terminated": "FINISHED",
}
#: The states in which an instance on EBS can be imaged.
_IMAGEABLE_STATES = ("RUNNING", "STOPPED")

_NEEDS_EBS = ("start", "stop")


def image(record: Mapping[str, str | None], account: str | None, linked: Mapping[str, tuple[str, ...]]) -> Image:
    """An image as ``account`` sees it; ``record`` holds the texts of DescribeImages by their names in its XML.

    Where the account is not known, all but the images of well-known owners count as the caller's.
    """
    get = record.get
    image_id = get("imageId")
    if not image_id:
        raise ValueError("an image without an id")
    owner = get("imageOwnerId") or ""
    alias = get("imageOwnerAlias") or ""
    architecture = get("architecture") or ""
    return Image(
        id=image_id,
        name=get("name") or image_id,
        description=get("description") or get("imageLocation") or "",
        owner_id=owner,
        architecture=architecture,
        state=(get("imageState") or "").upper(),
        creation_time=values.time(get("creationDate")),
        hardware_profiles=linked.get(architecture, ()),
        root_type="persistent" if get("rootDeviceType") == "ebs" else "transient",
        destroyable=(owner == account if account else not alias) and not is_protected(record),
        owner_alias=alias,
    )


def with_alias(records: Iterable[dict[str, str | None]], alias: str) -> Iterator[dict[str, str | None]]:
    """Yield records of images with an alias of their owner."""
    for record in records:
        yield {**record, "imageOwnerAlias": alias}


def is_protected(record: Mapping[str, str | None]) -> bool:
    """Return whether the image is protected against being deregistered.

    Source: ``deregistrationProtection`` of ``Image`` in the EC2 API Reference: ``disabled`` or one that begins
    with ``enabled``.
    """
    return (record.get("deregistrationProtection") or "").startswith("enabled")


def reserved(reservations: Iterable[Mapping[str, Any]]) -> Iterator[OwnedInstance]:
    """Yield the instances of reservations, each with its owner."""
    for each in reservations:
        owner_id = values.text(each.get("OwnerId"))
        for record in each.get("Instances", []):
            yield record, owner_id


def instance(owned: OwnedInstance) -> Instance:
    """Return an instance."""
    record, owner_id = owned
    instance_id = values.required(record.get("InstanceId"), str, "instance id")
    state = INSTANCE_STATES.get(record["State"]["Name"], "UNKNOWN")
    on_ebs = record.get("RootDeviceType") == "ebs"
    actions = STATES.actions(state)
    obstacle = _image_obstacle(state, on_ebs)
    return Instance(
        id=instance_id,
        name=_name_tag(record) or instance_id,
        owner_id=owner_id,
        image_id=values.text(record.get("ImageId")),
        realm_id=values.text(record.get("Placement", {}).get("AvailabilityZone")),
        state=state,
        hardware_profile_id=values.text(record.get("InstanceType")),
        actions=actions if on_ebs else tuple(each for each in actions if each not in _NEEDS_EBS),
        can_create_image=not obstacle,
        image_obstacle=obstacle,
        launch_time=values.utc(record.get("LaunchTime")),
        public_addresses=tuple(_public_addresses(record)),
        private_addresses=tuple(_private_addresses(record)),
        authentication=Authentication(keyname=values.text(record.get("KeyName"))),
    )


def _image_obstacle(state: str, on_ebs: bool) -> str:
    """Why EC2 would not make an image now; empty where it would."""
    if not on_ebs:
        return "Its root device has to be on EBS."
    return "" if state in _IMAGEABLE_STATES else f"It has to be {' or '.join(_IMAGEABLE_STATES)}."


def hardware_profile(record: InstanceTypeInfoTypeDef) -> HardwareProfile:
    """Return an instance type. ``storage`` is its local disks, in GB; 0 where it has EBS alone."""
    name = values.required(record["InstanceType"], str, "instance type")
    architectures = sorted(map(values.text, record["ProcessorInfo"]["SupportedArchitectures"]), reverse=True)
    local = record.get("InstanceStorageInfo", {}).get("TotalSizeInGB")
    properties = (
        Property("cpu", str(values.integer(record["VCpuInfo"]["DefaultVCpus"]))),
        Property("memory", str(values.integer(record["MemoryInfo"]["SizeInMiB"]))),
        Property("storage", str(values.integer(local))),
        _architecture(architectures),
    )
    return HardwareProfile(name, name, properties)


def _architecture(names: Sequence[str]) -> Property:
    if len(names) == 1:
        return Property("architecture", names[0])
    return Property("architecture", names[0], "enum", entries=tuple(names))


def zone(record: AvailabilityZoneTypeDef) -> Realm:
    """Return an availability zone."""
    name = values.required(record["ZoneName"], str, "zone name")
    return Realm(name, name, _availability(record["State"]))


def subnet(record: SubnetTypeDef) -> Realm:
    """Return a subnet of a VPC: ``zone:subnet``."""
    zone_name = values.required(record["AvailabilityZone"], str, "zone name")
    realm_id = f"{zone_name}:{values.required(record['SubnetId'], str, 'subnet id')}"
    return Realm(realm_id, _name_tag(record) or realm_id, _availability(record["State"]))


def _availability(state: str) -> str:
    return "AVAILABLE" if state == "available" else "UNAVAILABLE"


def _name_tag(record: InstanceTypeDef | SubnetTypeDef) -> str:
    return next((values.text(tag.get("Value")) for tag in record.get("Tags", []) if tag.get("Key") == "Name"), "")


def _public_addresses(record: InstanceTypeDef) -> Iterator[Address]:
    if name := values.text(record.get("PublicDnsName")):
        yield Address(name, "hostname")
    if address := values.address(record.get("PublicIpAddress")):
        yield address
    for interface in record.get("NetworkInterfaces", []):
        for each in interface.get("Ipv6Addresses", []):
            if address := values.address(each.get("Ipv6Address")):
                yield address


def _private_addresses(record: InstanceTypeDef) -> Iterator[Address]:
    if name := values.text(record.get("PrivateDnsName")):
        yield Address(name, "hostname")
    if address := values.address(record.get("PrivateIpAddress")):
        yield address
