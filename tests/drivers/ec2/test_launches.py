"""Launches that fail halfway, and images that cannot be launched now."""

from collections.abc import Iterator

import pytest

from deltacloud_ec2 import EC2Driver
from deltacloud_ec2.region import Region
from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import Conflict, ProviderError
from deltacloud_images.kit import retries
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.models import InstanceFilter, NewInstance
from tests.drivers.ec2.front import Front, failure
from tests.drivers.ec2.rig import REGION, EC2Rig

IMAGE = "ami-0a000000000000001"


@pytest.fixture
def amazon(rig: EC2Rig, front: Front, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    """A region of Amazon's own, which the configuration gives no address; here it is the responder's."""
    client = Region._client
    monkeypatch.setattr(Region, "_client", lambda region, service, _: client(region, service, front.url))
    driver = EC2Driver.from_config({})
    with Catalog(driver, rig.credentials, REGION, Deadline(20)) as catalog:
        yield catalog
    driver.close()


def test_a_launch_that_may_have_happened_is_sent_again_with_the_same_token(
    rig: EC2Rig, amazon: Catalog, front: Front
) -> None:
    """EC2 carries it out once for a token."""
    before = rig.instance_ids()
    front.play("RunInstances", failure(500, "InternalError"), failure(503, "Unavailable"))
    (instance,) = amazon.create_instance(NewInstance(IMAGE), "")
    assert rig.instance_ids() - before == {instance.id}
    sent = front.sent("RunInstances")
    assert len(sent) == 3
    assert len({each["ClientToken"] for each in sent}) == 1


def test_each_launch_has_a_token_of_its_own(catalog: Catalog, front: Front) -> None:
    for _ in range(2):
        catalog.create_instance(NewInstance(IMAGE), "")
    assert len({each["ClientToken"] for each in front.sent("RunInstances")}) == 2


def test_a_compatible_cloud_may_ignore_the_token_and_gets_one_launch(
    rig: EC2Rig, catalog: Catalog, front: Front
) -> None:
    before = rig.instance_ids()
    front.play("RunInstances", failure(500, "InternalError"))
    with pytest.raises(ProviderError):
        catalog.create_instance(NewInstance(IMAGE), "")
    assert len(front.sent("RunInstances")) == 1
    assert rig.instance_ids() == before


def test_a_launch_is_sent_again_where_it_was_throttled(rig: EC2Rig, catalog: Catalog, front: Front) -> None:
    before = rig.instance_ids()
    front.play("RunInstances", failure(503, "RequestLimitExceeded"))
    (instance,) = catalog.create_instance(NewInstance(IMAGE), "")
    assert rig.instance_ids() - before == {instance.id}


def test_a_launch_is_tried_four_times_at_most(amazon: Catalog, front: Front) -> None:
    front.play("RunInstances", *[failure(500, "InternalError")] * 9)
    with pytest.raises(ProviderError):
        amazon.create_instance(NewInstance(IMAGE), "")
    assert len(front.sent("RunInstances")) == retries.MAX_ATTEMPTS


def test_an_image_that_is_still_pending_is_a_conflict(catalog: Catalog, front: Front) -> None:
    front.play("RunInstances", failure(400, "InvalidAMIID.Unavailable"))
    with pytest.raises(Conflict, match=f"Image '{IMAGE}' cannot be launched now: it is still pending"):
        catalog.create_instance(NewInstance(IMAGE), "")
    assert len(front.sent("RunInstances")) == 1


def test_a_list_of_instances_whose_token_expires_begins_anew(rig: EC2Rig, catalog: Catalog, front: Front) -> None:
    instance = rig.seed_instance()
    page = (
        "<DescribeInstancesResponse><reservationSet><item><instancesSet><item>"
        f"<instanceId>{instance}</instanceId><instanceState><name>running</name></instanceState>"
        "</item></instancesSet></item></reservationSet><nextToken>gone</nextToken></DescribeInstancesResponse>"
    )
    front.play("DescribeInstances", (200, page.encode()))
    front.play_later_page(failure(400, "InvalidNextToken"))
    listed = [each.id for each in catalog.instances(InstanceFilter())]
    assert listed[0] == instance
    assert len(listed) == len(rig.instance_ids())
    assert set(listed) == rig.instance_ids()
    assert [each.get("NextToken") for each in front.sent("DescribeInstances")] == [None, "gone", None]
