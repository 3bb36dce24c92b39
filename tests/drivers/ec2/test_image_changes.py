"""How images are created and destroyed."""

import re
from collections.abc import Mapping

import pytest

from deltacloud_ec2.config import LINKED_PROFILES
from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import (
    AuthenticationFailure,
    Conflict,
    DeltacloudError,
    Forbidden,
    ObjectNotFound,
    ProviderError,
    ValidationFailure,
)
from deltacloud_images.models import Image, NewImage
from tests.drivers.ec2.front import Answer, Front, failure
from tests.drivers.ec2.rig import ACCOUNT, EC2Rig


@pytest.fixture
def instance(rig: EC2Rig) -> str:
    return rig.seed_instance()


@pytest.fixture
def image(rig: EC2Rig) -> str:
    return rig.seed_image()


def snapshots_of(rig: EC2Rig, image_id: str) -> set[str]:
    (image,) = rig.ec2.describe_images(ImageIds=[image_id])["Images"]
    return {each["Ebs"]["SnapshotId"] for each in image["BlockDeviceMappings"]}


def all_snapshots(rig: EC2Rig) -> set[str]:
    return {each["SnapshotId"] for each in rig.ec2.describe_snapshots()["Snapshots"]}


@pytest.mark.parametrize(
    ("options", "no_reboot"),
    [({}, "false"), ({"no_reboot": "true"}, "true"), ({"no_reboot": "false"}, "false")],
)
def test_create_sends_what_is_asked_for(
    catalog: Catalog, front: Front, instance: str, options: Mapping[str, str], no_reboot: str
) -> None:
    image = catalog.create_image(NewImage(instance, "a name", "a description", options))
    assert front.sent("CreateImage") == [
        {"InstanceId": instance, "Name": "a name", "Description": "a description", "NoReboot": no_reboot}
    ]
    assert (image.name, image.description, image.owner_id) == ("a name", "a description", ACCOUNT)


def test_a_name_is_made_of_the_instance_and_the_time(catalog: Catalog, front: Front, instance: str) -> None:
    image = catalog.create_image(NewImage(instance))
    (sent,) = front.sent("CreateImage")
    assert re.fullmatch(rf"{instance}-\d{{8}}T\d{{6}}Z", sent["Name"])
    assert image.name == sent["Name"]


@pytest.mark.parametrize("name", ["ab", "x" * 129, "colon:", "ünïcode", "new\nline", "a*b", "semi;colon"])
def test_bad_names_are_refused_before_ec2_is_asked(catalog: Catalog, front: Front, name: str) -> None:
    with pytest.raises(ValidationFailure, match="3 to 128 characters"):
        catalog.create_image(NewImage("i-1234567890", name))
    assert front.requests == []


@pytest.mark.parametrize("name", ["abc", "x" * 128, "a (b) [c] d.e/f-g'h@i_j"])
def test_good_names_are_sent(catalog: Catalog, front: Front, instance: str, name: str) -> None:
    assert catalog.create_image(NewImage(instance, name)).name == name


def test_a_long_description_is_refused_before_ec2_is_asked(catalog: Catalog, front: Front) -> None:
    with pytest.raises(ValidationFailure, match="description has 256 characters; EC2 takes 255"):
        catalog.create_image(NewImage("i-1234567890", "name", "x" * 256))
    assert front.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        failure(400, "InvalidAMIID.NotFound"),
        failure(400, "UnheardOf"),
        (200, b"<DescribeImagesResponse><imagesSet/></DescribeImagesResponse>"),
        (200, b"garbage"),
    ],
    ids=str,
)
def test_an_image_that_ec2_does_not_show_yet_is_pending(
    catalog: Catalog, front: Front, instance: str, answer: Answer
) -> None:
    front.play("DescribeImages", answer)
    image = catalog.create_image(NewImage(instance, "hidden", "for now"))
    assert image == Image(
        id=image.id,
        name="hidden",
        description="for now",
        owner_id=ACCOUNT,
        architecture="x86_64",
        state="PENDING",
        hardware_profiles=LINKED_PROFILES["x86_64"],
        root_type="persistent",
    )
    assert catalog.image(image.id).name == "hidden"


def test_only_instances_on_ebs_can_be_imaged(catalog: Catalog, front: Front, instance: str) -> None:
    front.rewrite("DescribeInstances", "<rootDeviceType>ebs<", "<rootDeviceType>instance-store<")
    assert not catalog.instance(instance).can_create_image
    with pytest.raises(Conflict, match="RUNNING and cannot be saved as an image: Its root device has to be on EBS"):
        catalog.create_image(NewImage(instance, "never"))
    assert front.sent("CreateImage") == []


def test_only_running_and_stopped_instances_can_be_imaged(rig: EC2Rig, catalog: Catalog, front: Front) -> None:
    instance = rig.seed_unimageable_instance()
    with pytest.raises(Conflict, match=r"FINISHED and cannot be saved as an image: It has to be RUNNING or STOPPED"):
        catalog.create_image(NewImage(instance, "never"))
    assert front.sent("CreateImage") == []


@pytest.mark.parametrize("answer", [failure(500, "InternalError"), failure(503, "Unavailable")], ids=str)
def test_a_create_that_may_have_happened_is_not_sent_again(
    catalog: Catalog, front: Front, instance: str, answer: Answer
) -> None:
    front.play("CreateImage", answer)
    with pytest.raises(ProviderError):
        catalog.create_image(NewImage(instance, "once"))
    assert len(front.sent("CreateImage")) == 1


def test_a_create_that_was_throttled_is_sent_again(catalog: Catalog, front: Front, instance: str) -> None:
    front.play("CreateImage", failure(503, "RequestLimitExceeded"), failure(400, "Throttling"))
    assert catalog.create_image(NewImage(instance, "thrice")).name == "thrice"
    assert len(front.sent("CreateImage")) == 3


def test_a_name_that_is_taken_is_a_conflict(catalog: Catalog, front: Front, instance: str) -> None:
    front.play("CreateImage", failure(400, "InvalidAMIName.Duplicate", "AMI name taken is in use"))
    with pytest.raises(Conflict, match="AMI name taken is in use"):
        catalog.create_image(NewImage(instance, "taken"))


@pytest.mark.parametrize(
    ("options", "deleted"), [({}, False), ({"delete_snapshots": "false"}, False), ({"delete_snapshots": "true"}, True)]
)
def test_snapshots_are_deleted_where_that_is_asked_for(
    rig: EC2Rig, catalog: Catalog, front: Front, image: str, options: Mapping[str, str], deleted: bool
) -> None:
    snapshots, others = snapshots_of(rig, image), all_snapshots(rig)
    assert snapshots
    catalog.destroy_image(image, options)
    assert front.sent("DeregisterImage") == [{"ImageId": image}]
    assert front.sent("DeleteSnapshot") == [{"SnapshotId": each} for each in snapshots if deleted]
    assert all_snapshots(rig) == (others - snapshots if deleted else others)


def test_snapshots_that_something_else_needs_stay(catalog: Catalog, front: Front, image: str) -> None:
    front.play("DeleteSnapshot", failure(400, "InvalidSnapshot.InUse"))
    catalog.destroy_image(image, {"delete_snapshots": "true"})
    assert len(front.sent("DeleteSnapshot")) == 1


def test_snapshots_that_may_not_be_deleted_are_told_of(rig: EC2Rig, catalog: Catalog, front: Front, image: str) -> None:
    front.rewrite(
        "DescribeImages",
        "<blockDeviceMapping>",
        "<blockDeviceMapping><item><ebs><snapshotId>snap-0f00</snapshotId></ebs></item>",
    )
    (snapshot,) = snapshots_of(rig, image)
    front.play("DeleteSnapshot", failure(403, "UnauthorizedOperation", "no such right"))
    with pytest.raises(Forbidden, match="no such right"):
        catalog.destroy_image(image, {"delete_snapshots": "true"})
    assert front.sent("DeleteSnapshot") == [{"SnapshotId": "snap-0f00"}, {"SnapshotId": snapshot}]
    assert image not in rig.image_ids()
    assert snapshot not in all_snapshots(rig)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("InvalidAMIID.Unavailable", ObjectNotFound),
        ("InvalidAMIID.NotFound", ObjectNotFound),
        ("UnauthorizedOperation", Forbidden),
        ("OperationNotPermitted", Forbidden),
        ("InvalidAMIID.InUse", Conflict),
    ],
)
def test_why_an_image_is_not_destroyed(
    catalog: Catalog, front: Front, image: str, code: str, error: type[DeltacloudError]
) -> None:
    front.play("DeregisterImage", failure(400, code))
    with pytest.raises(error):
        catalog.destroy_image(image, {"delete_snapshots": "true"})
    assert front.sent("DeleteSnapshot") == []


def test_an_image_of_somebody_else_is_forbidden(catalog: Catalog, front: Front) -> None:
    """EC2 answers AuthFailure for it, though the credentials are good."""
    front.play("DeregisterImage", failure(401, "AuthFailure", "Not authorized for image:ami-0a000000000000001"))
    with pytest.raises(Forbidden):
        catalog.destroy_image("ami-0a000000000000001", {})
    assert [each.action for each in front.requests] == ["DescribeImages", "DeregisterImage", "DescribeRegions"]


def in_use(by: str) -> Answer:
    return failure(400, "InvalidSnapshot.InUse", f"The snapshot snap-0aaa is currently in use by {by}")


def test_a_snapshot_that_the_deregistered_image_seems_to_use_is_deleted_a_moment_later(
    catalog: Catalog, front: Front, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deltacloud_ec2.snapshots._PAUSES", (0.01,) * 4)
    front.play("DeleteSnapshot", in_use(image), in_use(image))
    catalog.destroy_image(image, {"delete_snapshots": "true"})
    assert len(front.sent("DeleteSnapshot")) == 3


def test_a_snapshot_that_stays_is_told_in_the_log(
    catalog: Catalog, front: Front, image: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("deltacloud_ec2.snapshots._PAUSES", (0.01,) * 4)
    front.play("DeleteSnapshot", *[in_use(image)] * 5)
    catalog.destroy_image(image, {"delete_snapshots": "true"})
    assert len(front.sent("DeleteSnapshot")) == 5
    assert f"image {image}, now deregistered, uses it" in caplog.text


@pytest.mark.parametrize("protection", ["enabled-with-cooldown", "enabled-without-cooldown"])
def test_a_protected_image_offers_no_destroy_and_is_not_deregistered(
    catalog: Catalog, front: Front, image: str, protection: str
) -> None:
    """``deregistrationProtection`` of ``Image`` in the EC2 API Reference."""
    flag = f"<deregistrationProtection>{protection}</deregistrationProtection><imageState>"
    front.rewrite("DescribeImages", "<imageState>", flag)
    assert not catalog.image(image).destroyable
    with pytest.raises(Conflict, match=f"Image '{image}' is protected"):
        catalog.destroy_image(image, {})
    assert front.sent("DeregisterImage") == []


def test_an_image_that_is_not_protected_can_be_destroyed(catalog: Catalog, front: Front, image: str) -> None:
    flag = "<deregistrationProtection>disabled</deregistrationProtection><imageState>"
    front.rewrite("DescribeImages", "<imageState>", flag)
    assert catalog.image(image).destroyable


def test_credentials_that_became_wrong_are_told_from_that(catalog: Catalog, front: Front, image: str) -> None:
    front.play("DeregisterImage", failure(401, "AuthFailure"))
    front.play("DescribeRegions", failure(401, "AuthFailure"))
    with pytest.raises(AuthenticationFailure):
        catalog.destroy_image(image, {})


@pytest.mark.parametrize("action", ["DeregisterImage", "DeleteSnapshot"])
def test_changes_are_sent_once(catalog: Catalog, front: Front, image: str, action: str) -> None:
    front.play(action, failure(500, "InternalError"))
    with pytest.raises(ProviderError):
        catalog.destroy_image(image, {"delete_snapshots": "true"})
    assert len(front.sent(action)) == 1
