"""What EC2 is asked for images, and how its answers are read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest
from botocore.session import Session

from deltacloud_ec2.config import LINKED_PROFILES
from deltacloud_ec2.describe_images import FIELDS
from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import AuthenticationFailure, DeltacloudError, ObjectNotFound, ProviderError
from deltacloud_images.models import Image, ImageFilter
from deltacloud_images.testing import eventually
from tests.drivers.ec2.conftest import Connect
from tests.drivers.ec2.front import Answer, Front, failure
from tests.drivers.ec2.rig import ACCOUNT, EC2Rig

AMAZON = ImageFilter(owner_id="amazon")
IMAGE = "ami-0a000000000000001"
WITH_DISABLED = {"IncludeDisabled": "true"}
ONE = {"ImageId.1": IMAGE, **WITH_DISABLED}


def query(**filters: str) -> dict[str, str]:
    """The parameters of a list: a page of machine images, filtered."""
    wanted = {"image-type": "machine", **{name.replace("_", "-"): value for name, value in filters.items()}}
    parameters = {"MaxResults": "1000"}
    for number, (name, value) in enumerate(wanted.items(), 1):
        parameters |= {f"Filter.{number}.Name": name, f"Filter.{number}.Value.1": value}
    return parameters


MINE = query(owner_id=ACCOUNT) | WITH_DISABLED


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        (ImageFilter(), [MINE, query(owner_alias="amazon")]),
        (ImageFilter(owner_id="self"), [MINE]),
        (ImageFilter(owner_id="amazon"), [query(owner_alias="amazon")]),
        (ImageFilter(owner_id="aws-marketplace"), [query(owner_alias="aws-marketplace")]),
        (ImageFilter(owner_id="099720109477"), [query(owner_id="099720109477")]),
        (
            ImageFilter(owner_id="amazon", architecture="arm64"),
            [query(architecture="arm64", owner_alias="amazon")],
        ),
        (ImageFilter(owner_id="amazon", name="al2023-*"), [query(name="al2023-*", owner_alias="amazon")]),
        (ImageFilter(owner_id="amazon", name="a\\b"), [query(name="a\\\\b", owner_alias="amazon")]),
        (ImageFilter(owner_id="amazon", state="AVAILABLE"), [query(state="available", owner_alias="amazon")]),
        (
            ImageFilter(owner_id="099720109477", state="disabled"),
            [query(state="disabled", owner_id="099720109477") | WITH_DISABLED],
        ),
        (ImageFilter(owner_id="shared"), [query() | {"ExecutableBy.1": "self"}]),
        (ImageFilter(id=IMAGE), [ONE]),
    ],
    ids=str,
)
def test_filters_are_sent_to_ec2(
    catalog: Catalog, front: Front, wanted: ImageFilter, asked: list[dict[str, str]]
) -> None:
    list(catalog.images(wanted))
    assert [(each.action, each.parameters) for each in front.requests] == [("DescribeImages", each) for each in asked]


@pytest.mark.parametrize(
    ("owners", "asked"),
    [
        ([], [query()]),
        (["self"], [MINE]),
        (["aws-marketplace"], [query(owner_alias="aws-marketplace")]),
        (
            ["self", "099720109477", "amazon", "aws-marketplace"],
            [
                MINE | {"Filter.2.Value.2": "099720109477"},
                query(owner_alias="amazon") | {"Filter.2.Value.2": "aws-marketplace"},
            ],
        ),
    ],
    ids=str,
)
def test_the_default_owners_are_configured(
    connect: Connect, front: Front, owners: list[str], asked: list[dict[str, str]]
) -> None:
    list(connect(default_owners=owners).images(ImageFilter()))
    assert front.sent("DescribeImages") == asked


def test_without_sts_the_caller_is_asked_for_as_self(rig: EC2Rig, connect: Connect, front: Front) -> None:
    mine = rig.seed_image()
    catalog = connect(providers={"moto": {"endpoint_url": front.url, "region": "us-east-1"}})
    images = {image.id: image for image in catalog.images(ImageFilter())}
    assert [each.action for each in front.requests] == ["DescribeImages", "DescribeImages"]
    assert front.sent("DescribeImages") == [query() | WITH_DISABLED | {"Owner.1": "self"}, query(owner_alias="amazon")]
    assert (images[mine].destroyable, images["ami-0a000000000000001"].destroyable) == (True, False)
    assert {image.owner_id for image in catalog.images(ImageFilter(owner_id="self"))} == {ACCOUNT}


def test_owners_that_overlap_give_each_image_once(connect: Connect) -> None:
    catalog = connect(default_owners=["137112412989", "amazon"])
    assert [image.id for image in catalog.images(ImageFilter())] == [
        "ami-0a000000000000001",
        "ami-0a000000000000002",
        "ami-0a000000000000003",
    ]


def test_images_are_mapped(catalog: Catalog) -> None:
    first, _, third = catalog.images(AMAZON)
    assert first == Image(
        id="ami-0a000000000000001",
        name="al2023-ami-2023.5-x86_64",
        description="Amazon Linux <2023> & more",
        owner_id="137112412989",
        architecture="x86_64",
        state="AVAILABLE",
        creation_time=datetime(2024, 8, 30, 0, 12, 5, tzinfo=UTC),
        hardware_profiles=LINKED_PROFILES["x86_64"],
        root_type="persistent",
        destroyable=False,
        owner_alias="amazon",
    )
    assert (third.id, third.name, third.description) == ("ami-0a000000000000003",) * 2 + ("amazon/an-old-manifest",)
    assert (third.root_type, third.hardware_profiles) == ("transient", LINKED_PROFILES["i386"])


def test_only_the_callers_own_images_can_be_destroyed(rig: EC2Rig, catalog: Catalog) -> None:
    mine = rig.seed_image()
    own = {image.id for image in catalog.images(ImageFilter()) if image.destroyable}
    assert mine in own
    assert own == {image.id for image in catalog.images(ImageFilter(owner_id="self"))}


def test_kernels_are_no_images(rig: EC2Rig, catalog: Catalog) -> None:
    (kernel,) = rig.ec2.describe_images(Filters=[{"Name": "image-type", "Values": ["kernel"]}])["Images"]
    assert kernel["ImageId"] not in {image.id for image in catalog.images(ImageFilter())}
    assert list(catalog.images(ImageFilter(id=kernel["ImageId"]))) == []
    with pytest.raises(ObjectNotFound):
        catalog.image(kernel["ImageId"])
    with pytest.raises(ObjectNotFound):
        catalog.destroy_image(kernel["ImageId"], {})
    assert kernel["ImageId"] in rig.image_ids()


def test_profiles_to_link_are_configured_by_architecture(connect: Connect) -> None:
    catalog = connect(linked_profiles={"arm64": ["m7g.medium"]})
    assert [image.hardware_profiles for image in catalog.images(AMAZON)] == [(), ("m7g.medium",), ()]


@pytest.mark.parametrize(("theirs", "ours"), [("pending", "PENDING"), ("failed", "FAILED"), ("invalid", "INVALID")])
def test_states_are_upper_case(catalog: Catalog, front: Front, theirs: str, ours: str) -> None:
    front.rewrite("DescribeImages", "<imageState>available<", f"<imageState>{theirs}<")
    assert {image.state for image in catalog.images(AMAZON)} == {ours}
    assert catalog.image("ami-0a000000000000001").state == ours


@pytest.mark.parametrize("time", ["", "yesterday", "2024-13-01T00:00:00Z"])
def test_a_time_that_is_none_is_left_out(catalog: Catalog, front: Front, time: str) -> None:
    front.rewrite("DescribeImages", "2024-08-30T00:12:05.000Z", time)
    assert catalog.image("ami-0a000000000000001").creation_time is None


@pytest.mark.parametrize("namespace", ["", ' xmlns="http://ec2.amazonaws.com/doc/2010-06-15/"'])
def test_any_version_of_the_namespace_is_read(catalog: Catalog, front: Front, namespace: str) -> None:
    expected = list(catalog.images(AMAZON))
    front.rewrite("DescribeImages", ' xmlns="http://ec2.amazonaws.com/doc/2016-11-15"', namespace)
    assert list(catalog.images(AMAZON)) == expected


def test_pages_are_joined(rig: EC2Rig, catalog: Catalog, front: Front) -> None:
    expected = [image.id for image in catalog.images(ImageFilter(owner_id="amazon"))]
    front.requests.clear()
    front.page(1)
    assert [image.id for image in catalog.images(ImageFilter(owner_id="amazon"))] == expected
    first = query(owner_alias="amazon")
    assert front.sent("DescribeImages") == [first, first | {"NextToken": "1"}, first | {"NextToken": "2"}]


def test_the_first_page_is_given_while_the_second_is_fetched_and_no_more(catalog: Catalog, front: Front) -> None:
    front.page(1)
    front.hold_pages()
    images = catalog.images(AMAZON)
    assert next(images).id == "ami-0a000000000000001"
    assert eventually(lambda: len(front.requests) == 2, within_seconds=20)
    assert [each.get("NextToken") for each in front.sent("DescribeImages")] == [None, "1"]
    front.let_pages_come()
    assert [image.id for image in images] == ["ami-0a000000000000002", "ami-0a000000000000003"]


def test_a_reader_that_leaves_stops_the_fetching(catalog: Catalog, front: Front) -> None:
    front.page(1)
    front.hold_pages()
    images = catalog.images(AMAZON)
    assert len(list(islice(images, 1))) == 1
    del images
    front.let_pages_come()
    list(catalog.images(ImageFilter(id="ami-0a000000000000001")))
    assert [each.get("NextToken") for each in front.sent("DescribeImages")].count("2") == 0


def test_a_page_that_is_throttled_is_asked_for_again(catalog: Catalog, front: Front) -> None:
    front.page(2)
    front.play_later_page(failure(503, "RequestLimitExceeded"))
    assert len(list(catalog.images(AMAZON))) == 3
    assert [each.get("NextToken") for each in front.sent("DescribeImages")] == [None, "2", "2"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failure(400, "ExpiredToken"), AuthenticationFailure),
        (failure(400, "UnheardOf"), ProviderError),
        ((200, b"<html/>"), ProviderError),
    ],
    ids=str,
)
def test_a_later_page_that_fails_ends_the_list_with_an_error(
    catalog: Catalog, front: Front, answer: Answer, error: type[DeltacloudError]
) -> None:
    front.page(2)
    front.play_later_page(answer)
    images = catalog.images(AMAZON)
    assert [image.id for image in islice(images, 2)] == ["ami-0a000000000000001", "ami-0a000000000000002"]
    with pytest.raises(error):
        next(images)


def test_the_same_page_again_and_again_is_an_error(catalog: Catalog, front: Front) -> None:
    front.rewrite("DescribeImages", "</imagesSet>", "</imagesSet><nextToken>again</nextToken>")
    with pytest.raises(ProviderError, match="repeats a page again and again"):
        list(catalog.images(AMAZON))
    assert [each.get("NextToken") for each in front.sent("DescribeImages")] == [None, "again"]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html><body>Welcome</body></html>",
        b"<DescribeImagesResponse/>",
        b"<DescribeImagesResponse><imagesSet><item>",
        b'<!DOCTYPE r [<!ENTITY a "b">]><html>&a;</html>',
    ],
)
def test_answers_that_make_no_sense_are_the_clouds_fault(catalog: Catalog, front: Front, answer: bytes) -> None:
    front.play("DescribeImages", (200, answer), (200, answer))
    with pytest.raises(ProviderError):
        list(catalog.images(AMAZON))
    with pytest.raises(ProviderError):
        catalog.image("ami-0a000000000000001")


def test_entities_open_no_files(catalog: Catalog, front: Front) -> None:
    declaration = '<!DOCTYPE r [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
    front.rewrite("DescribeImages", "<DescribeImagesResponse", f"{declaration}<DescribeImagesResponse")
    front.rewrite("DescribeImages", "Amazon Linux &lt;2023&gt; &amp; more", "&secret;")
    assert catalog.image("ami-0a000000000000001").description == "amazon/al2023-ami-2023.5-x86_64"


def test_fields_of_an_image_stand_nowhere_inside_its_lists() -> None:
    """Images are read in one walk, which relies on it. Source: the SDK's own model of EC2."""
    shape: Any = Session().get_service_model("ec2").shape_for("Image")
    nested = [member for member in shape.members.values() if member.type_name != "string"]
    assert nested
    assert {name for member in nested for name in _names_in(member)} & set(FIELDS) == set()


def _names_in(shape: Any) -> Iterator[str]:
    """What elements below a shape are called in XML."""
    if shape.type_name == "list":
        yield from _names_in(shape.member)
    for name, member in getattr(shape, "members", {}).items():
        yield member.serialization.get("name", name)
        yield from _names_in(member)


def test_lists_inside_an_image_may_stand_between_its_fields(catalog: Catalog, front: Front) -> None:
    """EC2 promises no order of elements."""
    expected = list(catalog.images(AMAZON))
    inner = "<productCodes><item><productCode>code</productCode></item></productCodes>"
    front.rewrite("DescribeImages", "<imageState>", f"{inner}<imageState>")
    assert list(catalog.images(AMAZON)) == expected


def test_images_without_anything_in_them_are_none(connect: Connect, front: Front) -> None:
    catalog = connect(default_owners=["amazon"])
    front.rewrite("DescribeImages", "<imagesSet>", "<imagesSet><item/>")
    front.rewrite("DescribeImages", "</imagesSet>", "<item></item></imagesSet>")
    assert [image.id for image in catalog.images(ImageFilter())] == [
        "ami-0a000000000000001",
        "ami-0a000000000000002",
        "ami-0a000000000000003",
    ]


def test_one_image_is_one_request(catalog: Catalog, front: Front) -> None:
    catalog.image("ami-0a000000000000001")
    assert [(each.action, each.parameters) for each in front.requests] == [("DescribeImages", ONE)]


@pytest.mark.parametrize("code", ["InvalidAMIID.NotFound", "InvalidAMIID.Malformed", "InvalidAMIID.Unavailable"])
def test_no_image_is_not_found(catalog: Catalog, front: Front, code: str) -> None:
    front.play("DescribeImages", failure(400, code), failure(400, code))
    with pytest.raises(ObjectNotFound):
        catalog.image("ami-0a000000000000001")
    assert list(catalog.images(ImageFilter(id="ami-0a000000000000001"))) == []
