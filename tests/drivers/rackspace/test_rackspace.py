"""What Rackspace's cloud has of its own: its identity service, its regions, and the old form of nova's address."""

import json
from collections.abc import Iterator

import pytest
from requests import PreparedRequest

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Credentials, Provider
from deltacloud_images.errors import AuthenticationFailure, ConfigurationError, ValidationFailure
from deltacloud_images.models import ImageFilter, InstanceFilter, NewInstance, Realm
from deltacloud_rackspace import RackspaceDriver
from tests.drivers.openstack.conftest import sent
from tests.drivers.rackspace.rig import API_KEY, RackspaceRig

__all__ = ["sent"]


@pytest.fixture
def catalog(rig: RackspaceRig) -> Iterator[Catalog]:
    with Catalog(rig.make_driver(), rig.credentials, rig.provider) as catalog:
        yield catalog


def auth(sent: list[PreparedRequest]) -> object:
    """What the identity service was told."""
    (request,) = [each for each in sent if str(each.url).endswith("/v2.0/tokens")]
    return json.loads(request.body or b"")["auth"]


def test_an_api_key_is_told_as_such(rig: RackspaceRig, catalog: Catalog, sent: list[PreparedRequest]) -> None:
    catalog.verify()
    assert auth(sent) == {"RAX-KSKEY:apiKeyCredentials": {"username": rig.account.user, "apiKey": API_KEY}}


def test_a_password_works_too(rig: RackspaceRig, sent: list[PreparedRequest]) -> None:
    credentials = Credentials(rig.account.user, rig.account.password)
    with Catalog(rig.make_driver(), credentials, rig.provider) as catalog:
        catalog.verify()
    assert auth(sent) == {"passwordCredentials": {"username": rig.account.user, "password": rig.account.password}}


@pytest.mark.parametrize("password", ["wrong", "f" * 32, API_KEY.upper()])
def test_wrong_ones_are_refused(rig: RackspaceRig, password: str) -> None:
    with (
        Catalog(rig.make_driver(), Credentials(rig.account.user, password), rig.provider) as catalog,
        pytest.raises(AuthenticationFailure, match="Rackspace does not accept"),
    ):
        catalog.verify()


def test_a_token_is_renewed_before_it_expires(rig: RackspaceRig, catalog: Catalog) -> None:
    before = rig.front.logins
    list(catalog.images(ImageFilter()))
    list(catalog.images(ImageFilter()))
    assert rig.front.logins == before + 1
    rig.front.token_seconds = 60
    try:
        with Catalog(rig.make_driver(), rig.credentials, rig.provider) as short_lived:
            list(short_lived.images(ImageFilter()))
            between = rig.front.logins
            list(short_lived.images(ImageFilter()))
            assert rig.front.logins > between
    finally:
        rig.front.token_seconds = 86400


def test_the_second_list_is_one_call(catalog: Catalog, sent: list[PreparedRequest]) -> None:
    list(catalog.images(ImageFilter()))
    sent.clear()
    list(catalog.images(ImageFilter()))
    assert [request.path_url for request in sent] == ["/v2/images?limit=1000"]


def test_launch_on_the_old_address(rig: RackspaceRig, catalog: Catalog, sent: list[PreparedRequest]) -> None:
    """Of ``/v2/<tenant>/``: it knows no microversions, and chooses the networks by itself."""
    (instance,) = catalog.create_instance(NewInstance(rig.seed_image(), "rack", "DFW", keyname=""), "1")
    (request,) = [each for each in sent if each.method == "POST" and str(each.url).endswith("/servers")]
    assert request.path_url == f"/v2/{rig.owner_id}/servers"
    assert not [name for name in request.headers if "version" in name.lower()]
    assert json.loads(request.body or b"")["server"] == {
        "name": "rack",
        "imageRef": rig.seed_image(),
        "flavorRef": "1",
    }
    assert instance.authentication.password
    assert instance.realm_id == "DFW"
    assert rig.caller.settled(instance.id)
    assert catalog.instance(instance.id).realm_id == "DFW"
    assert instance.id in {each.id for each in catalog.instances(InstanceFilter(realm_id="DFW"))}


def test_the_region_is_the_only_realm(rig: RackspaceRig, catalog: Catalog) -> None:
    assert list(catalog.realms()) == [Realm("DFW", "DFW")]
    with pytest.raises(ValidationFailure, match="DFW"):
        catalog.create_instance(NewInstance(rig.seed_image(), realm_id="LON"), "")
    with Catalog(rig.make_driver(), rig.credentials, "LON") as london:
        assert list(london.realms()) == [Realm("LON", "LON")]


def test_regions_are_the_providers() -> None:
    driver = RackspaceDriver.from_config({})
    url = "https://identity.api.rackspacecloud.com/v2.0"
    assert driver.providers() == [
        Provider(region, {"identity": url}) for region in ("DFW", "ORD", "IAD", "LON", "SYD", "HKG")
    ]
    assert driver.default_provider == "DFW"
    other = "https://lon.identity.example.org/v2.0"
    driver = RackspaceDriver.from_config({"providers": {"london": {"region": "LON", "identity_url": other}}})
    assert driver.providers() == [Provider("london", {"identity": other})]
    assert driver.clouds["london"].region == "LON"
    with pytest.raises(ConfigurationError, match="default_provider"):
        RackspaceDriver.from_config({"default_provider": "MARS"})
