"""What goes wrong in the cloud, what a client is told of it, and what is tried again."""

import pytest
from botocore.exceptions import ParamValidationError

from deltacloud_ec2 import EC2Driver
from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import (
    AuthenticationFailure,
    Conflict,
    DeltacloudError,
    Forbidden,
    ObjectNotFound,
    ProviderError,
    ProviderTimeout,
    ValidationFailure,
)
from deltacloud_images.kit import retries
from deltacloud_images.models import ImageFilter
from tests.drivers.ec2.conftest import Connect
from tests.drivers.ec2.front import Answer, Front, failure
from tests.drivers.ec2.rig import EC2Rig

IMAGE = "ami-0a000000000000001"


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "AuthFailure", AuthenticationFailure),
        (403, "SignatureDoesNotMatch", AuthenticationFailure),
        (403, "InvalidClientTokenId", AuthenticationFailure),
        (400, "ExpiredToken", AuthenticationFailure),
        (403, "UnauthorizedOperation", Forbidden),
        (401, "OptInRequired", Forbidden),
        (400, "InvalidAMIID.NotFound", ObjectNotFound),
        (400, "InvalidAMIID.Malformed", ObjectNotFound),
        (400, "InvalidWhatever.NotFound", ObjectNotFound),
        (400, "InvalidParameterValue", ValidationFailure),
        (400, "IncorrectState", Conflict),
        (400, "IncorrectInstanceState", Conflict),
        (400, "InstanceLimitExceeded", Conflict),
        (400, "VcpuLimitExceeded", Conflict),
        (400, "HostLimitExceeded", Conflict),
        (500, "InsufficientInstanceCapacity", Conflict),
        (400, "InvalidID", ValidationFailure),
        (400, "InvalidFilter", ValidationFailure),
        (400, "InvalidNextToken", ValidationFailure),
        (400, "InvalidQueryParameter", ValidationFailure),
        (400, "UnknownParameter", ValidationFailure),
        (400, "InvalidKeyPair.Format", ValidationFailure),
        (400, "InvalidSubnet", ValidationFailure),
        (400, "TagPolicyViolation", ValidationFailure),
        (400, "TagLimitExceeded", ValidationFailure),
        (400, "UnsupportedImageType", ValidationFailure),
        (400, "UnsupportedTenancy", ValidationFailure),
        (400, "DefaultVpcDoesNotExist", ValidationFailure),
        (400, "InvalidInstanceAttributeValue", ValidationFailure),
        (400, "ValidationError", ValidationFailure),
        (400, "InvalidState", Conflict),
        (400, "DependencyViolation", Conflict),
        (400, "InsufficientAddressCapacity", Conflict),
        (400, "SnapshotCreationPerVolumeRateExceeded", Conflict),
        (400, "InvalidKMSKey.InvalidState", Conflict),
        (400, "UnheardOf", ProviderError),
        (400, "Unheard.Of", ProviderError),
        (400, "", ProviderError),
        (301, "UnheardOf", ProviderError),
    ],
)
def test_codes_have_a_meaning(
    connect: Connect, front: Front, status: int, code: str, error: type[DeltacloudError]
) -> None:
    catalog = connect(seconds=5)
    catalog.verify()
    front.play("DescribeImages", *[failure(status, code, "in EC2's words")] * 5)
    with pytest.raises(DeltacloudError) as raised:
        catalog.image(IMAGE)
    assert type(raised.value) is error
    assert ("in EC2's words" in str(raised.value)) == (error is not AuthenticationFailure)


@pytest.mark.parametrize(
    "answer",
    [
        failure(503, "RequestLimitExceeded"),
        failure(400, "Throttling"),
        failure(500, "InternalError"),
        failure(503, "Unavailable"),
        (502, b"<html><body>Bad Gateway</body></html>"),
        (503, b""),
    ],
    ids=str,
)
def test_reads_are_tried_again(catalog: Catalog, front: Front, answer: Answer) -> None:
    front.play("DescribeImages", answer, answer)
    assert catalog.image(IMAGE).id == IMAGE
    assert len(front.sent("DescribeImages")) == 3


def test_reads_are_tried_four_times_at_most(catalog: Catalog, front: Front) -> None:
    front.play("DescribeImages", *[failure(503, "RequestLimitExceeded")] * 9)
    with pytest.raises(ProviderError, match="EC2 refuses more requests for now") as raised:
        catalog.image(IMAGE)
    assert raised.value.retry_after is not None
    assert len(front.sent("DescribeImages")) == retries.MAX_ATTEMPTS


def test_nothing_is_tried_again_when_the_time_is_up(
    connect: Connect, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE_SECONDS", 60.0)
    catalog = connect(seconds=20)
    front.play("DescribeRegions", *[failure(503, "RequestLimitExceeded")] * 9)
    with pytest.raises(ProviderError):
        catalog.verify()
    assert len(front.sent("DescribeRegions")) == 1


def test_what_the_client_did_wrong_is_not_tried_again(catalog: Catalog, front: Front) -> None:
    front.play("DescribeImages", failure(400, "InvalidParameterValue"))
    with pytest.raises(ValidationFailure):
        catalog.image(IMAGE)
    assert len(front.sent("DescribeImages")) == 1


def test_a_cloud_that_does_not_answer_is_a_timeout(connect: Connect, front: Front) -> None:
    catalog = connect(seconds=0.3)
    front.page(1)
    front.hold_pages()
    with pytest.raises(ProviderTimeout):
        list(catalog.images(ImageFilter(owner_id="amazon")))


@pytest.mark.parametrize(
    "answer", [failure(403, "AccessDenied"), failure(500, "InternalError"), (200, b"garbage")], ids=str
)
def test_trouble_with_sts_keeps_nobody_from_using_ec2(
    connect: Connect, front: Front, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = connect()
    front.play("GetCallerIdentity", *[answer] * 5)
    assert catalog.image(IMAGE).id == IMAGE
    assert catalog.image(IMAGE).id == IMAGE
    assert [each.action for each in front.requests][-3:] == ["GetCallerIdentity", "DescribeImages", "DescribeImages"]
    assert "STS does not tell the caller's account" in caplog.text


def test_credentials_that_sts_refuses_are_wrong(connect: Connect, front: Front) -> None:
    front.play("GetCallerIdentity", failure(403, "InvalidClientTokenId"))
    with pytest.raises(AuthenticationFailure):
        connect().image(IMAGE)
    assert front.sent("DescribeImages") == []


def test_what_is_no_failure_of_the_cloud_is_a_bug(driver: EC2Driver) -> None:
    assert driver.translate(KeyError("Images")) is None
    assert driver.translate(ParamValidationError(report="no text")) is None


@pytest.mark.parametrize("code", ["DryRunOperation", "UnauthorizedOperation", "AccessDenied"])
def test_verify_is_one_dry_run(catalog: Catalog, front: Front, code: str) -> None:
    front.play("DescribeRegions", failure(412, code))
    catalog.verify()
    assert [(each.action, each.parameters) for each in front.requests] == [("DescribeRegions", {"DryRun": "true"})]


def test_verify_tells_of_other_trouble(rig: EC2Rig, catalog: Catalog, front: Front) -> None:
    front.play("DescribeRegions", failure(403, "OptInRequired"))
    with pytest.raises(Forbidden):
        catalog.verify()
