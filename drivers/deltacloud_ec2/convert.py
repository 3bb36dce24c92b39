"""EC2's records as models, and the states that its instances have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

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
    image_id = get("imageId") or ""
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
        creation_time=time(get("creationDate")),
        hardware_profiles=linked.get(architecture, ()),
        root_type="persistent" if get("rootDeviceType") == "ebs" else "transient",
        destroyable=owner == account if account else not alias,
        owner_alias=alias,
    )


def time(text: str | None) -> datetime | None:
    """EC2's ``2024-08-30T00:12:05.000Z``; ``None`` for what is no time."""
    try:
        known = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return known.astimezone(UTC) if known.tzinfo else known.replace(tzinfo=UTC)


def instance(record: InstanceTypeDef, owner_id: str) -> Instance:
    """An instance; ``owner_id`` is its reservation's."""
    instance_id = record["InstanceId"]
    state = INSTANCE_STATES.get(record["State"]["Name"], "UNKNOWN")
    on_ebs = record.get("RootDeviceType") == "ebs"
    actions = STATES.actions(state)
    obstacle = _image_obstacle(state, on_ebs)
    return Instance(
        id=instance_id,
        name=_name_tag(record) or instance_id,
        owner_id=owner_id,
        image_id=record.get("ImageId", ""),
        realm_id=record.get("Placement", {}).get("AvailabilityZone", ""),
        state=state,
        hardware_profile_id=record.get("InstanceType", ""),
        actions=actions if on_ebs else tuple(each for each in actions if each not in _NEEDS_EBS),
        can_create_image=not obstacle,
        image_obstacle=obstacle,
        launch_time=record["LaunchTime"].astimezone(UTC) if "LaunchTime" in record else None,
        public_addresses=tuple(_public_addresses(record)),
        private_addresses=tuple(_private_addresses(record)),
        authentication=Authentication(keyname=record.get("KeyName", "")),
    )


def _image_obstacle(state: str, on_ebs: bool) -> str:
    """Why EC2 would not make an image now; empty where it would."""
    if not on_ebs:
        return "Its root device has to be on EBS."
    return "" if state in _IMAGEABLE_STATES else f"It has to be {' or '.join(_IMAGEABLE_STATES)}."


def hardware_profile(record: InstanceTypeInfoTypeDef) -> HardwareProfile:
    """An instance type. ``storage`` is its local disks; 0 where it has EBS alone."""
    architectures = sorted(record["ProcessorInfo"]["SupportedArchitectures"], reverse=True)
    local = record.get("InstanceStorageInfo", {}).get("TotalSizeInGB", 0)
    properties = (
        Property("cpu", str(record["VCpuInfo"]["DefaultVCpus"])),
        Property("memory", str(record["MemoryInfo"]["SizeInMiB"])),
        Property("storage", str(local)),
        _architecture(architectures),
    )
    return HardwareProfile(record["InstanceType"], record["InstanceType"], properties)


def _architecture(names: Sequence[str]) -> Property:
    if len(names) == 1:
        return Property("architecture", names[0])
    return Property("architecture", names[0], "enum", entries=tuple(names))


def zone(record: AvailabilityZoneTypeDef) -> Realm:
    """An availability zone."""
    return Realm(record["ZoneName"], record["ZoneName"], _availability(record["State"]))


def subnet(record: SubnetTypeDef) -> Realm:
    """A subnet of a VPC: ``zone:subnet``."""
    realm_id = f"{record['AvailabilityZone']}:{record['SubnetId']}"
    return Realm(realm_id, _name_tag(record) or realm_id, _availability(record["State"]))


def _availability(state: str) -> str:
    return "AVAILABLE" if state == "available" else "UNAVAILABLE"


def _name_tag(record: InstanceTypeDef | SubnetTypeDef) -> str:
    return next((tag["Value"] for tag in record.get("Tags", []) if tag["Key"] == "Name"), "")


def _public_addresses(record: InstanceTypeDef) -> Iterator[Address]:
    if name := record.get("PublicDnsName"):
        yield Address(name, "hostname")
    if number := record.get("PublicIpAddress"):
        yield Address(number)
    for interface in record.get("NetworkInterfaces", []):
        for each in interface.get("Ipv6Addresses", []):
            yield Address(each["Ipv6Address"], "ipv6")


def _private_addresses(record: InstanceTypeDef) -> Iterator[Address]:
    if name := record.get("PrivateDnsName"):
        yield Address(name, "hostname")
    if number := record.get("PrivateIpAddress"):
        yield Address(number)
