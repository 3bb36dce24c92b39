"""The meaning of LXD's codes, and of responses that LXD did not write."""

import pytest

from deltacloud_images.errors import (
    AuthenticationFailure,
    Conflict,
    DeltacloudError,
    Forbidden,
    ProviderError,
    ProviderTimeout,
    ValidationFailure,
)
from deltacloud_images.testing.attack import hostile
from deltacloud_images.testing.exchange import Exchange, Reply
from tests.drivers.lxd.rig import LxdRig


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (400, ValidationFailure),
        (401, AuthenticationFailure),
        (409, Conflict),
        (412, Conflict),
        (500, ProviderError),
        (501, ProviderError),
        (504, ProviderTimeout),
    ],
)
@pytest.mark.parametrize("body", [b'{"type": "error", "error": "LXD\'s <sentence>"}', b"<h1>a proxy's page</h1>"])
def test_each_code_has_one_meaning(rig: LxdRig, code: int, meaning: type[DeltacloudError], body: bytes) -> None:
    def refuse(exchange: Exchange) -> None:
        exchange.send(Reply(code, (("Content-Type", "text/plain"),), body))

    driver = rig.new_proxied_driver()
    with hostile(rig, refuse), rig.catalog(driver=driver) as catalog, pytest.raises(meaning) as raised:
        catalog.hardware_profiles()
    driver.close()
    sentence = "LXD's <sentence>" if body.startswith(b"{") else f"the HTTP status is {code}"
    assert str(raised.value) == f"{sentence} (LXD)"
    assert raised.value.status != 412


def test_a_trusted_caller_who_is_refused_is_forbidden(rig: LxdRig) -> None:
    def refuse(exchange: Exchange) -> None:
        is_root = exchange.request.startswith(b"GET /1.0?")
        forbidden = Reply(403, (), b'{"type": "error", "error": "not for you"}')
        exchange.send(exchange.forward() if is_root else forbidden)

    driver = rig.new_proxied_driver()
    with (
        hostile(rig, refuse),
        rig.catalog(driver=driver) as catalog,
        pytest.raises(Forbidden, match="not for you"),
    ):
        catalog.verify()
    driver.close()
