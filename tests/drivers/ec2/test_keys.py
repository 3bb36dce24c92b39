"""EC2's key pairs where moto cannot be made to say it, and what is sent."""

import pytest

from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import Conflict, ObjectNotFound, ProviderError, ValidationFailure
from tests.drivers.ec2.front import Front, failure
from tests.drivers.ec2.rig import EC2Rig


def response(action: str, body: str) -> tuple[int, bytes]:
    return 200, f"<{action}Response>{body}</{action}Response>".encode()


def test_all_keys_are_listed_by_one_call(rig: EC2Rig, catalog: Catalog, front: Front) -> None:
    rig.seed_key()
    assert {key.id for key in list(catalog.keys())} == rig.key_ids()
    assert len(front.sent("DescribeKeyPairs")) == 1


def test_an_unknown_key_is_not_deleted(catalog: Catalog, front: Front) -> None:
    with pytest.raises(ObjectNotFound):
        catalog.destroy_key("nope")
    assert front.sent("DeleteKeyPair") == []


@pytest.mark.parametrize("name", ["ü", "a\nb", "x" * 256], ids=["not ASCII", "a line break", "too long"])
def test_a_name_that_ec2_refuses_is_not_sent(catalog: Catalog, front: Front, name: str) -> None:
    with pytest.raises(ValidationFailure, match="EC2 takes 1 to 255 ASCII characters"):
        catalog.create_key(name)
    assert front.sent("CreateKeyPair") == []


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("InvalidKeyPair.Duplicate", Conflict, "InvalidKeyPair.Duplicate"),
        ("KeyPairLimitExceeded", Conflict, "quota"),
        ("InvalidParameterValue", ValidationFailure, "InvalidParameterValue"),
        ("InternalError", ProviderError, "InternalError"),
    ],
)
def test_a_refused_key_is_asked_for_once(
    catalog: Catalog, front: Front, code: str, error: type[Exception], words: str
) -> None:
    front.play("CreateKeyPair", *[failure(500 if code == "InternalError" else 400, code)] * 2)
    with pytest.raises(error, match=words):
        catalog.create_key("mine")
    assert len(front.sent("CreateKeyPair")) == 1


def test_a_response_without_a_private_key_is_an_error(catalog: Catalog, front: Front) -> None:
    front.play("CreateKeyPair", response("CreateKeyPair", "<keyName>mine</keyName>"))
    with pytest.raises(ProviderError, match="no private key"):
        catalog.create_key("mine")


def test_a_response_without_a_name_does_not_lose_the_private_key(catalog: Catalog, front: Front) -> None:
    front.play("CreateKeyPair", response("CreateKeyPair", "<keyMaterial>secret</keyMaterial>"))
    key = catalog.create_key("mine")
    assert (key.id, key.fingerprint, key.pem) == ("mine", "", "secret")


def test_a_key_without_a_name_is_left_out(catalog: Catalog, front: Front) -> None:
    items = "<item><keyFingerprint>00</keyFingerprint></item><item><keyName>good</keyName></item>"
    front.play("DescribeKeyPairs", response("DescribeKeyPairs", f"<keySet>{items}</keySet>"))
    assert [key.id for key in list(catalog.keys())] == ["good"]
