"""Callers with access tokens of an issuer of OpenID Connect that Incus trusts."""

from collections.abc import Iterator

import pytest

from tests.drivers.lxd.issuer import Issuer
from tests.drivers.lxd.rig import LxdRig
from tests.drivers.lxd.server import Server

pytestmark = pytest.mark.products("incus")


@pytest.fixture(scope="module")
def issuer(rig: LxdRig) -> Iterator[Issuer]:
    issuer = Issuer()
    settings = {"oidc.issuer": issuer.url, "oidc.client.id": "deltacloud", "oidc.audience": "incus"}
    rig.daemon.call("PATCH", "/1.0", {"config": settings})
    yield issuer
    rig.daemon.call("PATCH", "/1.0", {"config": dict.fromkeys(settings, "")})
    issuer.close()


def test_a_token_of_the_issuer_is_a_caller(rig: LxdRig, server: Server, issuer: Issuer) -> None:
    carol = server.as_user("token", issuer.token())
    assert {each["id"] for each in carol.get("/images")["images"]} == rig.image_ids()
    assert carol.post("/instances", image_id=rig.seed_image(), name="carols")["instance"]["state"] == "RUNNING"
    assert "carols" in rig.instance_ids()
    nowhere = server.as_user("token+nowhere", issuer.token())
    assert nowhere.get("/images", 403)["message"] == "LXD has no project 'nowhere'."


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"exp": 1}, "token has expired"),
        ({"aud": "others"}, "Provided OIDC token doesn't allow the configured audience"),
        ({"iss": "http://127.0.0.1:1"}, "issuer does not match"),
    ],
)
def test_a_token_that_is_not_for_incus_now_is_refused(
    server: Server, issuer: Issuer, claims: dict[str, object], sentence: str
) -> None:
    assert sentence in server.as_user("token", issuer.token(**claims)).get("/images", 401)["message"]


def test_a_token_of_another_issuer_is_refused(server: Server, issuer: Issuer) -> None:
    other = Issuer()
    server.as_user("token", other.token(iss=issuer.url)).get("/images", 401)
    other.close()
