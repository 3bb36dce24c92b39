"""Images that EC2 lists only where they are asked for: disabled ones and shared ones."""

import pytest

from deltacloud_images.catalog import Catalog
from deltacloud_images.models import ImageFilter
from tests.drivers.ec2.front import Front, failure
from tests.drivers.ec2.rig import ACCOUNT, EC2Rig

IMAGE = "ami-0a000000000000001"


@pytest.fixture
def disabled(rig: EC2Rig) -> str:
    image = rig.seed_image()
    rig.ec2.disable_image(ImageId=image)
    return image


def test_a_disabled_image_is_shown_listed_and_destroyed(
    rig: EC2Rig, catalog: Catalog, front: Front, disabled: str
) -> None:
    """EC2 shows them with ``IncludeDisabled`` only, moto always. Source: DisableImage in the EC2 API Reference."""
    shown = catalog.image(disabled)
    assert (shown.state, shown.destroyable) == ("DISABLED", True)
    for wanted in (ImageFilter(owner_id="self"), ImageFilter(owner_id="self", state="DISABLED")):
        assert shown in list(catalog.images(wanted))
    catalog.destroy_image(disabled, {})
    assert disabled not in rig.image_ids()
    sent = front.sent("DescribeImages")
    assert len(sent) == 4
    assert all(each["IncludeDisabled"] == "true" for each in sent)


def test_disabled_images_are_found_by_state_without_an_owner(catalog: Catalog, front: Front, disabled: str) -> None:
    assert disabled in {image.id for image in catalog.images(ImageFilter(state="DISABLED"))}
    assert [each.get("IncludeDisabled") for each in front.sent("DescribeImages")] == ["true", "true"]


def test_shared_images_are_listed_by_their_owner_shared(catalog: Catalog, front: Front) -> None:
    shared = (
        b"<DescribeImagesResponse><imagesSet><item><imageId>ami-0f00</imageId><imageState>available</imageState>"
        b"<imageOwnerId>210987654321</imageOwnerId><name>ours</name></item></imagesSet></DescribeImagesResponse>"
    )
    front.play("DescribeImages", (200, shared))
    (image,) = catalog.images(ImageFilter(owner_id="shared"))
    assert (image.id, image.owner_id, image.destroyable) == ("ami-0f00", "210987654321", False)
    (sent,) = front.sent("DescribeImages")
    assert sent["ExecutableBy.1"] == "self"
    assert ACCOUNT not in sent.values()


def test_a_list_whose_token_expires_begins_anew_and_repeats_nothing(catalog: Catalog, front: Front) -> None:
    expected = [image.id for image in catalog.images(ImageFilter(owner_id="amazon"))]
    front.requests.clear()
    front.page(1)
    front.play_later_page(failure(400, "InvalidNextToken"))
    assert [image.id for image in catalog.images(ImageFilter(owner_id="amazon"))] == expected
    assert [each.get("NextToken") for each in front.sent("DescribeImages")] == [None, "1", None, "1", "2"]
