"""Refusals that are due to the clock of the server's machine, and those that only look like it."""

import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import AuthenticationFailure, ProviderError
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.models import ImageFilter
from tests.drivers.ec2.conftest import Connect
from tests.drivers.ec2.front import Answer, Front, failure
from tests.drivers.ec2.rig import EC2Rig

NOT_YET = "Signature not yet current: 20261127T130000Z is still later than 20261127T121000Z (20261127T120500Z + 5 min.)"
EXPIRED = "Signature expired: 20261127T110000Z is now earlier than 20261127T120000Z (20261127T120500Z - 5 min.)"


@pytest.mark.parametrize(
    "answer",
    [
        failure(403, "SignatureDoesNotMatch", NOT_YET),
        failure(403, "SignatureDoesNotMatch", EXPIRED),
        failure(400, "RequestExpired", "Request has expired."),
    ],
    ids=str,
)
def test_a_wrong_clock_is_not_the_callers_fault(
    connect: Connect, front: Front, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = connect()
    front.play("GetCallerIdentity", answer)
    front.play("DescribeImages", answer)
    with pytest.raises(ProviderError, match="the clock of this server is wrong"):
        list(catalog.images(ImageFilter()))
    assert "The clock of this machine seems to be wrong" in caplog.text
    assert caplog.records[-1].levelno == logging.WARNING


@pytest.mark.parametrize("hours", [-1, 1])
@pytest.mark.parametrize("code", ["AuthFailure", "SignatureDoesNotMatch"])
def test_a_wrong_clock_is_seen_by_the_date_of_the_response(
    catalog: Catalog, front: Front, code: str, hours: int
) -> None:
    front.date = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
    front.play("DescribeRegions", failure(401, code))
    with pytest.raises(ProviderError, match="the clock of this server is wrong"):
        catalog.verify()


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 99 Nov 2026 00:00:00 GMT"])
def test_a_date_that_makes_no_sense_says_nothing(catalog: Catalog, front: Front, date: str) -> None:
    front.date = date
    front.play("DescribeRegions", failure(403, "SignatureDoesNotMatch", "The signature does not match."))
    with pytest.raises(AuthenticationFailure):
        catalog.verify()


def test_a_session_token_that_expired_is_the_callers(rig: EC2Rig, front: Front) -> None:
    """EC2 says RequestExpired for it as well."""
    catalog = Catalog(rig.make_driver(front.url), rig.moto.temporary_credentials(), "moto", Deadline(20))
    front.play("DescribeRegions", failure(400, "RequestExpired", "Request has expired."))
    with catalog, pytest.raises(AuthenticationFailure):
        catalog.verify()


@pytest.mark.parametrize("code", ["AuthFailure", "InvalidClientTokenId"])
def test_keys_that_are_right_elsewhere_are_told_why(catalog: Catalog, front: Front, code: str) -> None:
    front.play("DescribeRegions", failure(401, code))
    with pytest.raises(AuthenticationFailure, match=r"not have enabled this region.*global endpoint of STS"):
        catalog.verify()


def test_a_wrong_signature_has_no_other_cause(catalog: Catalog, front: Front) -> None:
    front.play("DescribeRegions", failure(403, "SignatureDoesNotMatch"))
    with pytest.raises(AuthenticationFailure) as raised:
        catalog.verify()
    assert str(raised.value) == "EC2 does not accept the access key id and secret access key (SignatureDoesNotMatch)."
