"""What real services cannot be made to say: mixed catalogs, lists that change, odd launches, many callers."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Credentials
from deltacloud_images.errors import (
    AuthenticationFailure,
    DeltacloudError,
    ProviderError,
    ProviderTimeout,
    ValidationFailure,
)
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.models import Image, ImageFilter, NewImage, NewInstance
from tests.drivers.openstack.conftest import CREDENTIALS, Serve
from tests.drivers.openstack.responder import Answer, Responder, as_json

IMAGE = "11111111-2222-3333-4444-555555555555"
NETWORK = "99999999-2222-3333-4444-555555555555"
HTML = b"<html><head><title>400 Bad Request</title></head><body><h1>400 Bad Request</h1>Image not found</body></html>"


def image(number: int) -> dict[str, Any]:
    return {"id": f"00000000-0000-0000-0000-{number:012}", "name": "a", "status": "active", "owner": "project"}


def listed(catalog: Catalog) -> list[int]:
    return [int(each.id[-12:]) for each in catalog.images(ImageFilter())]


def shelf(images: list[dict[str, Any]], gone: set[str], status: int) -> Any:
    """A script of glance with two images a page, whose markers can be gone."""

    def script(_method: str, path: str) -> Answer:
        if "/flavors" in path:
            return as_json(200, {"flavors": []})
        marker = parse_qs(urlsplit(path).query).get("marker", [""])[0]
        if marker in gone:
            gone.clear()
            images.pop(1)
            return status, {"Content-Type": "text/html"}, HTML
        start = next((index + 1 for index, each in enumerate(images) if each["id"] == marker), 0)
        page = images[start : start + 2]
        following = {"next": f"/v2/images?marker={page[-1]['id']}"} if start + 2 < len(images) else {}
        return as_json(200, {"images": page, **following})

    return script


@pytest.mark.parametrize("status", [400, 404])
def test_a_list_goes_on_when_the_image_of_its_marker_has_gone(serve: Serve, status: int) -> None:
    _, catalog = serve(shelf([image(number) for number in range(5)], {image(1)["id"]}, status))
    assert listed(catalog) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("link", [7, {}, "http://[", "/v2/images", "?marker="], ids=str)
def test_a_link_without_a_marker_does_not_end_the_list(serve: Serve, link: object) -> None:
    def script(_method: str, path: str) -> Answer:
        return as_json(200, {"flavors": []} if "/flavors" in path else {"images": [image(1)], "next": link})

    _, catalog = serve(script)
    if link:
        with pytest.raises(ProviderError):
            listed(catalog)
    else:
        assert listed(catalog) == [1]


def test_flavors_without_end_are_an_error(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltacloud_openstack.cloud.MAX_FLAVORS", 10)
    numbers = iter(range(1000))

    def script(_method: str, _path: str) -> Answer:
        number = next(numbers)
        flavor = {"id": str(number), "name": "f", "vcpus": 1, "ram": 1, "disk": 1}
        return as_json(200, {"flavors": [flavor], "flavors_links": [{"rel": "next", "href": f"?marker={number}"}]})

    responder, catalog = serve(script)
    with pytest.raises(ProviderError, match="does not end"):
        catalog.hardware_profiles()
    assert len(responder.asked) == 12, "a login, and one flavor more than are kept"


def regions(responder: Responder) -> None:
    """Each service has both regions, in another order."""
    responder.token["catalog"] = [
        responder.service("compute", West="West/compute", East="East/compute"),
        responder.service("image", East="East/image", West="West/image"),
    ]


def glance_or_nova(_method: str, path: str) -> Answer:
    if "/flavors" in path:
        return as_json(200, {"flavors": []})
    return as_json(202, {"image_id": IMAGE}) if "action" in path else as_json(200, {**image(1), "images": []})


@pytest.mark.parametrize(("settings", "region"), [({}, "East"), ({"region": "West"}, "West")])
def test_all_services_are_of_one_region(serve: Serve, settings: dict[str, str], region: str) -> None:
    responder, catalog = serve(glance_or_nova, **settings)
    regions(responder)
    catalog.create_image(NewImage(IMAGE))
    list(catalog.images(ImageFilter()))
    assert {path.split("/")[1] for _, path in responder.asked[1:]} == {region}


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v2", "/v2/", "/v2.16"])
def test_glance_is_asked_with_version_2_whatever_its_catalog_entry_is(serve: Serve, ending: str) -> None:
    responder, catalog = serve(glance_or_nova)
    responder.token["catalog"][1] = responder.service("image", R=f"image%20store{ending}")
    list(catalog.images(ImageFilter()))
    assert responder.asked[-1] == ("GET", "/image%20store/v2/images?limit=1000")


@pytest.mark.parametrize(
    "change",
    [
        {"catalog": 7}, {"catalog": [7]}, {"catalog": [{"type": "compute"}]}, {"project": {"id": {}}}, {"project": 7},
        {"expires_at": "yesterday"}, {"expires_at": "0001-01-01T00:00:00+23:59"}, {"roles": [7]},
        {"catalog": [{"type": "compute", "endpoints": [{"interface": "public", "region": "R", "url": "http://["}]}]},
    ],
    ids=str,
)  # fmt: skip
def test_a_senseless_token_is_the_clouds_failure(serve: Serve, change: dict[str, object]) -> None:
    responder, catalog = serve(glance_or_nova)
    responder.token.update(change)
    with pytest.raises(ProviderError):
        list(catalog.realms())


def test_wrong_passwords_replace_no_login(serve: Serve) -> None:
    """More of them than logins are kept."""
    responder, catalog = serve(glance_or_nova)
    list(catalog.images(ImageFilter()))
    driver = catalog._driver
    for number in range(300):
        with (
            Catalog(driver, Credentials("user+project", f"wrong{number}"), "one") as other,
            pytest.raises(AuthenticationFailure),
        ):
            other.verify()
    catalog.close()
    responder.asked.clear()
    with Catalog(driver, CREDENTIALS, "one") as again:
        list(again.images(ImageFilter()))
    assert [path.partition("?")[0] for _, path in responder.asked] == ["/image/v2/images"]


def test_a_renewal_that_hangs_holds_up_its_own_caller_alone(serve: Serve) -> None:
    """Another request of that caller waits for it, within its own limit."""
    hanging, released, refused = Event(), Event(), [as_json(401, {})]

    def hang(body: bytes) -> None:
        if b"slow" in body:
            hanging.set()
            released.wait(30)

    def script(method: str, path: str) -> Answer:
        return refused.pop() if refused and path.startswith("/image/") else glance_or_nova(method, path)

    responder, catalog = serve(script)
    driver = catalog._driver
    slow = Credentials("slow+project", "password")

    def images(credentials: Credentials, seconds: float) -> list[Image]:
        with Catalog(driver, credentials, "one", Deadline(seconds)) as connected:
            return list(connected.images(ImageFilter()))

    with Catalog(driver, slow, "one") as connected:
        connected.verify()
    responder.before_login = hang
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(images, slow, 30)
        try:
            assert hanging.wait(30)
            assert images(CREDENTIALS, 30) == []
            with pytest.raises(ProviderTimeout):
                images(slow, 0.2)
        finally:
            released.set()
        assert first.result(30) == []


def launched(serve: Serve, new: NewInstance, catalog: str = "compute", **settings: object) -> dict[str, Any]:
    """What nova is asked for, on a cloud with neutron and cinder, and two networks of one name."""

    def script(method: str, path: str) -> Answer:
        if "/flavors" in path:
            flavor = {"name": "f", "vcpus": 1, "ram": 1}
            return as_json(200, {"flavors": [{**flavor, "id": str(disk), "disk": disk} for disk in (0, 9)]})
        if "/networks" in path:
            ids = {"web": [NETWORK], "twice": [NETWORK, IMAGE]}.get(parse_qs(urlsplit(path).query)["name"][0], [])
            return as_json(200, {"networks": [{"id": each} for each in ids]})
        return as_json(202, {"server": {"id": IMAGE}}) if method == "POST" else as_json(200, IMAGE_RECORD)

    responder, connected = serve(script, **settings)
    responder.token["catalog"] = [
        responder.service("compute", R=catalog),
        responder.service("image", R="image"),
        responder.service("network", R="network/v2.0"),
        responder.service("volumev3", R="volume"),
    ]
    connected.create_instance(new, "0" if new.options.get("password") == "diskless" else "9")
    server: dict[str, Any] = json.loads(responder.bodies[-1])["server"]
    return server


IMAGE_RECORD = {"id": IMAGE, "name": "i", "status": "active", "min_disk": 1, "size": 5, "virtual_size": 2 * 1024**3 + 1}


@pytest.mark.parametrize(
    ("catalog", "setting", "asked", "sent"),
    [
        ("compute", "", "", "auto"),
        ("compute", "none", "", "none"),
        ("compute", NETWORK, "", [{"uuid": NETWORK}]),
        ("compute", "none", f"web, {IMAGE}", [{"uuid": NETWORK}, {"uuid": IMAGE}]),
        ("v2/project", NETWORK, "", [{"uuid": NETWORK}]),
        ("v2/project", "", "", None),
    ],
)
def test_networks_of_a_launch(serve: Serve, catalog: str, setting: str, asked: str, sent: object) -> None:
    server = launched(serve, NewInstance(IMAGE, options={"networks": asked}), catalog, networks=setting)
    assert server.get("networks") == sent


@pytest.mark.parametrize(("name", "found"), [("twice", 2), ("nowhere", 0)])
def test_a_network_name_has_to_be_unique(serve: Serve, name: str, found: int) -> None:
    with pytest.raises(ValidationFailure, match=f"'{name}', but {found} networks"):
        launched(serve, NewInstance(IMAGE, options={"networks": name}))


def test_security_groups_are_sent_in_order(serve: Serve) -> None:
    options = {"firewalls10": "c", "firewalls2": "b", "firewalls1": "a"}
    server = launched(serve, NewInstance(IMAGE, options=options))
    assert server["security_groups"] == [{"name": "a"}, {"name": "b"}, {"name": "c"}]


def test_a_flavor_without_a_disk_boots_from_a_volume_of_the_images_size(serve: Serve) -> None:
    server = launched(serve, NewInstance(IMAGE, options={"password": "diskless"}))
    assert "imageRef" not in server
    assert server["block_device_mapping_v2"] == [
        {
            "boot_index": 0,
            "uuid": IMAGE,
            "source_type": "image",
            "destination_type": "volume",
            "volume_size": 3,
            "delete_on_termination": True,
        }
    ]


def test_an_error_page_of_brackets_costs_little(serve: Serve) -> None:
    """Its text is bounded as well."""
    _, catalog = serve(lambda _method, _path: (400, {"Content-Type": "text/html"}, b"<" * 500_000))
    with pytest.raises(DeltacloudError) as raised:
        list(catalog.realms())
    assert len(str(raised.value)) < 600
