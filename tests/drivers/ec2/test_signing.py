"""The driver's signatures, held to the SDK's own."""

from datetime import datetime

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SdkKeys

from deltacloud_ec2.signing import Signer, keys_of
from deltacloud_images.driver import Credentials

HEADERS = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.mark.parametrize("token", ["", "IQoJb3JpZ2luX2VjE+/=="])
@pytest.mark.parametrize(
    "body", [b"", b"Action=DescribeImages&Version=2016-11-15&ImageId.1=ami-1", "Name=Zürich".encode()]
)
@pytest.mark.parametrize(
    "url",
    [
        "https://ec2.eu-west-1.amazonaws.com/",
        "https://cloud.example:443/",
        "http://[::1]:8773/services/../services/compute//",
        "https://cloud.example:8773/caf%C3%A9/a b~c/",
        "https://cloud.example",
    ],
)
def test_signatures_are_the_sdk_s(url: str, body: bytes, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer(keys_of(Credentials(f"AKIA1+{token}", "wJalrXUtnFEMI/K7MDENG")), "ec2", "eu-west-1")
    headers = signer.headers_for_post(url, HEADERS, body)
    signed_at = datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
    monkeypatch.setattr(auth, "get_current_datetime", lambda *_: signed_at)

    request = AWSRequest("POST", url, HEADERS, body)
    keys = SdkKeys("AKIA1", "wJalrXUtnFEMI/K7MDENG", token or None)
    auth.SigV4Auth(keys, "ec2", "eu-west-1").add_auth(request)
    assert headers["Authorization"] == request.headers["Authorization"]
    assert headers.get("X-Amz-Security-Token") == request.headers["X-Amz-Security-Token"]


def test_the_key_of_another_day_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer(keys_of(Credentials("AKIA1", "secret")), "sts", "eu-west-1")
    keys = [signer._key_of_day(f"{day}/eu-west-1/sts/aws4_request") for day in ("20260101", "20260102", "20260101")]
    assert keys[0] == keys[2] != keys[1]
