"""What EC2 is asked for instances, sizes and realms."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pytest

from deltacloud_ec2.config import LINKED_PROFILES
from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import AuthenticationFailure, Conflict, Forbidden, ValidationFailure
from deltacloud_images.models import HardwareProfile, InstanceFilter, NewInstance, Property, Realm
from tests.drivers.ec2.conftest import Connect
from tests.drivers.ec2.front import Front, failure
from tests.drivers.ec2.rig import EC2Rig

IMAGE = "ami-0a000000000000001"
ALIVE = {
    "Filter.1.Name": "instance-state-name",
    **{
        f"Filter.1.Value.{number}": state
        for number, state in enumerate(("pending", "running", "stopping", "stopped", "shutting-down"), 1)
    },
    "MaxResults": "1000",
}


@pytest.fixture(scope="module")
def subnet(rig: EC2Rig) -> dict[str, Any]:
    found: dict[str, Any] = rig.ec2.describe_subnets()["Subnets"][0]
    return found


def launched(front: Front) -> dict[str, str]:
    """RunInstances' parameters without the token that makes it idempotent."""
    (sent,) = front.sent("RunInstances")
    assert sent.pop("ClientToken")
    return sent


@pytest.mark.parametrize(
    ("new", "sent"),
    [
        (NewInstance(IMAGE), {}),
        (NewInstance(IMAGE, user_data=b"#!/bin/sh\n\xff"), {"UserData": b64encode(b"#!/bin/sh\n\xff").decode()}),
        (NewInstance(IMAGE, keyname="mine"), {"KeyName": "mine"}),
        (NewInstance(IMAGE, realm_id="us-east-1b"), {"Placement.AvailabilityZone": "us-east-1b"}),
        (NewInstance(IMAGE, options={"firewalls1": "default"}), {"SecurityGroup.1": "default"}),
        (NewInstance(IMAGE, options={"instance_count": "3"}), {"MinCount": "3", "MaxCount": "3"}),
        (
            NewInstance(IMAGE, name="web"),
            {
                "TagSpecification.1.ResourceType": "instance",
                "TagSpecification.1.Tag.1.Key": "Name",
                "TagSpecification.1.Tag.1.Value": "web",
            },
        ),
    ],
    ids=repr,
)
def test_launch_sends_what_is_asked_for(
    rig: EC2Rig, catalog: Catalog, front: Front, new: NewInstance, sent: Mapping[str, str]
) -> None:
    rig.ec2.delete_key_pair(KeyName="mine")
    rig.ec2.create_key_pair(KeyName="mine")
    before = rig.instance_ids()
    instances = catalog.create_instance(new, "")
    assert launched(front) == {"ImageId": IMAGE, "InstanceType": "t3.micro", "MinCount": "1", "MaxCount": "1", **sent}
    assert rig.instance_ids() - before == {instance.id for instance in instances}
    assert len(instances) == int(sent.get("MinCount", "1"))
    assert {instance.name for instance in instances} == ({"web"} if new.name else {each.id for each in instances})
    assert {instance.authentication.keyname for instance in instances} == {new.keyname}


def test_a_subnet_is_a_realm(catalog: Catalog, front: Front, subnet: dict[str, Any]) -> None:
    realm_id = f"{subnet['AvailabilityZone']}:{subnet['SubnetId']}"
    (instance,) = catalog.create_instance(NewInstance(IMAGE, realm_id=realm_id), "")
    sent = launched(front)
    assert sent["SubnetId"] == subnet["SubnetId"]
    assert "Placement.AvailabilityZone" not in sent
    assert instance.realm_id == subnet["AvailabilityZone"]


def test_firewalls_are_sent_in_order_by_name_or_id(rig: EC2Rig, catalog: Catalog, front: Front) -> None:
    ids = [
        rig.ec2.create_security_group(GroupName=f"group{number}", Description="for a test")["GroupId"]
        for number in range(2)
    ]
    options = {"firewalls10": ids[1], "firewalls2": ids[0], "firewalls1": "group0", "firewalls3": "group1"}
    catalog.create_instance(NewInstance(IMAGE, options=options), "")
    sent = {name: value for name, value in launched(front).items() if "Group" in name}
    assert sent == {
        "SecurityGroupId.1": ids[0],
        "SecurityGroupId.2": ids[1],
        "SecurityGroup.1": "group0",
        "SecurityGroup.2": "group1",
    }


@pytest.mark.parametrize(
    ("image_id", "size"),
    [
        ("ami-0a000000000000001", "t3.micro"),
        ("ami-0a000000000000002", "t4g.micro"),
        ("ami-0a000000000000003", "t2.micro"),
    ],
)
def test_the_first_linked_size_is_launched_where_none_is_asked_for(
    catalog: Catalog, front: Front, image_id: str, size: str
) -> None:
    (instance,) = catalog.create_instance(NewInstance(image_id), "")
    assert (launched(front)["InstanceType"], instance.hardware_profile_id) == (size, size)


def test_any_size_of_the_region_can_be_launched(catalog: Catalog, front: Front) -> None:
    (instance,) = catalog.create_instance(NewInstance(IMAGE), "x1e.32xlarge")
    assert (launched(front)["InstanceType"], instance.hardware_profile_id) == ("x1e.32xlarge", "x1e.32xlarge")
    assert front.sent("DescribeInstanceTypes") == [{"InstanceType.1": "x1e.32xlarge"}]


@pytest.mark.parametrize("realm", ["no-such-zone", "us-east-1b:subnet-0123456789", "us-east-1b:"])
def test_an_unknown_realm_is_refused(rig: EC2Rig, catalog: Catalog, realm: str) -> None:
    before = rig.instance_ids()
    with pytest.raises(ValidationFailure):
        catalog.create_instance(NewInstance(IMAGE, realm_id=realm), "")
    assert rig.instance_ids() == before


def test_an_image_that_the_caller_may_not_launch_is_forbidden(catalog: Catalog, front: Front) -> None:
    front.play("RunInstances", failure(401, "AuthFailure", "Not authorized for images: [ami-0a000000000000001]"))
    with pytest.raises(Forbidden):
        catalog.create_instance(NewInstance(IMAGE), "")


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        (InstanceFilter(), ALIVE),
        (
            InstanceFilter(realm_id="us-east-1a", image_id=IMAGE),
            ALIVE
            | {"Filter.2.Name": "availability-zone", "Filter.2.Value.1": "us-east-1a"}
            | {"Filter.3.Name": "image-id", "Filter.3.Value.1": IMAGE},
        ),
        (
            InstanceFilter(state="running"),
            {"Filter.1.Name": "instance-state-name", "Filter.1.Value.1": "running", "MaxResults": "1000"},
        ),
        (
            InstanceFilter(state="SHUTTING_DOWN"),
            {"Filter.1.Name": "instance-state-name", "Filter.1.Value.1": "shutting-down", "MaxResults": "1000"},
        ),
    ],
    ids=repr,
)
def test_instance_filters_are_sent_to_ec2(
    catalog: Catalog, front: Front, wanted: InstanceFilter, asked: dict[str, str]
) -> None:
    list(catalog.instances(wanted))
    assert front.sent("DescribeInstances") == [asked]


def test_a_terminated_instance_is_finished_and_not_listed(rig: EC2Rig, catalog: Catalog) -> None:
    instance_id = rig.seed_instance()
    catalog.destroy_instance(instance_id)
    assert (catalog.instance(instance_id).state, catalog.instance(instance_id).actions) == ("FINISHED", ())
    assert instance_id not in {each.id for each in catalog.instances(InstanceFilter())}
    assert instance_id in {each.id for each in catalog.instances(InstanceFilter(state="finished"))}


@pytest.mark.parametrize(
    ("state", "on_ebs", "on_instance_store"),
    [
        ("pending", ("destroy",), ("destroy",)),
        ("running", ("reboot", "stop", "destroy"), ("reboot", "destroy")),
        ("stopping", ("destroy",), ("destroy",)),
        ("stopped", ("start", "destroy"), ("destroy",)),
        ("shutting-down", (), ()),
        ("terminated", (), ()),
        ("unheard-of", (), ()),
    ],
)
def test_actions_by_state_and_root_device(
    rig: EC2Rig,
    catalog: Catalog,
    front: Front,
    state: str,
    on_ebs: tuple[str, ...],
    on_instance_store: tuple[str, ...],
) -> None:
    instance = rig.seed_instance()
    front.rewrite("DescribeInstances", "<name>running</name>", f"<name>{state}</name>")
    assert catalog.instance(instance).actions == on_ebs
    assert catalog.instance(instance).can_create_image == (state in ("running", "stopped"))
    front.rewrite("DescribeInstances", "<rootDeviceType>ebs<", "<rootDeviceType>instance-store<")
    assert catalog.instance(instance).actions == on_instance_store
    assert not catalog.instance(instance).can_create_image


@pytest.mark.parametrize(
    ("action", "call", "state"),
    [
        ("stop", "StopInstances", "STOPPED"),
        ("start", "StartInstances", "RUNNING"),
        ("reboot", "RebootInstances", "RUNNING"),
    ],
)
def test_actions_are_sent_once_and_name_the_instance(
    rig: EC2Rig, catalog: Catalog, front: Front, action: str, call: str, state: str
) -> None:
    instance = rig.seed_instance()
    if action == "start":
        rig.ec2.stop_instances(InstanceIds=[instance])
    assert catalog.act(action, instance).id == instance
    assert front.sent(call) == [{"InstanceId.1": instance}]
    assert catalog.instance(instance).state == state


def test_destroy_terminates_the_instance(rig: EC2Rig, catalog: Catalog, front: Front) -> None:
    instance = rig.seed_instance()
    catalog.destroy_instance(instance)
    assert front.sent("TerminateInstances") == [{"InstanceId.1": instance}]
    assert instance not in rig.instance_ids()


def test_a_state_that_has_changed_in_the_meantime_is_a_conflict(rig: EC2Rig, catalog: Catalog, front: Front) -> None:
    instance = rig.seed_instance()
    front.play("StopInstances", failure(400, "IncorrectInstanceState", "it is not in a state for that"))
    with pytest.raises(Conflict, match="it is not in a state for that"):
        catalog.act("stop", instance)
    assert len(front.sent("StopInstances")) == 1


def test_realms_are_zones_and_subnets(rig: EC2Rig, catalog: Catalog, subnet: dict[str, Any]) -> None:
    zones = [each["ZoneName"] for each in rig.ec2.describe_availability_zones()["AvailabilityZones"]]
    subnets = [f"{each['AvailabilityZone']}:{each['SubnetId']}" for each in rig.ec2.describe_subnets()["Subnets"]]
    assert [realm.id for realm in catalog.realms()] == zones + subnets
    assert catalog.realm(zones[0]) == Realm(zones[0], zones[0])
    rig.ec2.create_tags(Resources=[subnet["SubnetId"]], Tags=[{"Key": "Name", "Value": "inner"}])
    realm_id = f"{subnet['AvailabilityZone']}:{subnet['SubnetId']}"
    assert catalog.realm(realm_id) == Realm(realm_id, "inner")


@pytest.mark.parametrize(
    ("size", "properties"),
    [
        ("t3.micro", ("2", "1024", "0", Property("architecture", "x86_64"))),
        ("m3.medium", ("1", "3840", "4", Property("architecture", "x86_64"))),
        ("t4g.micro", ("2", "1024", "0", Property("architecture", "arm64"))),
        ("t2.micro", ("1", "1024", "0", Property("architecture", "x86_64", "enum", entries=("x86_64", "i386")))),
    ],
)
def test_sizes_are_mapped(catalog: Catalog, size: str, properties: tuple[str, str, str, Property]) -> None:
    cpu, memory, storage, architecture = properties
    expected = (Property("cpu", cpu), Property("memory", memory), Property("storage", storage), architecture)
    assert catalog.hardware_profile(size) == HardwareProfile(size, size, expected)


def test_sizes_are_asked_for_once_but_callers_each_time(rig: EC2Rig, connect: Connect, front: Front) -> None:
    catalog = connect()
    expected = {
        each["InstanceType"]
        for page in rig.ec2.get_paginator("describe_instance_types").paginate()
        for each in page["InstanceTypes"]
    }
    assert {profile.id for profile in catalog.hardware_profiles()} == expected
    assert {each["MaxResults"] for each in front.sent("DescribeInstanceTypes")} == {"100"}
    front.requests.clear()
    assert {profile.id for profile in catalog.hardware_profiles()} == expected
    assert [(each.action, each.parameters) for each in front.requests] == [("DescribeRegions", {"DryRun": "true"})]
    front.play("DescribeRegions", failure(401, "AuthFailure"))
    with pytest.raises(AuthenticationFailure):
        catalog.hardware_profiles()


def test_the_linked_sizes_exist(catalog: Catalog) -> None:
    for architecture, sizes in LINKED_PROFILES.items():
        for size in sizes:
            known = catalog.hardware_profile(size).property("architecture")
            assert known is not None
            assert known.allows(architecture), size


def test_addresses_are_told(rig: EC2Rig, catalog: Catalog) -> None:
    instance_id = rig.seed_instance()
    (reservation,) = rig.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    (theirs,) = reservation["Instances"]
    ours = catalog.instance(instance_id)
    assert [(each.address, each.type) for each in ours.public_addresses] == [
        (theirs["PublicDnsName"], "hostname"),
        (theirs["PublicIpAddress"], "ipv4"),
    ]
    assert [(each.address, each.type) for each in ours.private_addresses] == [
        (theirs["PrivateDnsName"], "hostname"),
        (theirs["PrivateIpAddress"], "ipv4"),
    ]
    assert ours.owner_id == reservation["OwnerId"]
