"""What clients get where a vCenter's responses make no sense, over HTTP: the response is changed on its way."""

from collections.abc import Iterator
from itertools import count, cycle
from typing import Any

import pytest
from flask.testing import FlaskClient

from deltacloud_images import create_app
from deltacloud_images.config import ApiSettings, Settings
from deltacloud_images.testing.exchange import Exchange, Reply
from tests.conftest import client_of
from tests.drivers.vsphere.changes import changed, replacing, with_value
from tests.drivers.vsphere.rig import VsphereRig
from tests.web import basic


@pytest.fixture
def client(rig: VsphereRig) -> Iterator[FlaskClient]:
    """A client of a server of its own."""
    tables = {"vsphere": {"providers": {"main": rig.provider_table()}}}
    app = create_app(Settings(api=ApiSettings(default_driver="vsphere"), drivers=tables))
    with client_of(app, basic(rig.credentials.user, rig.credentials.password)) as client:
        client.environ_base["HTTP_ACCEPT"] = "application/json"
        yield client
    app.extensions["deltacloud_images"].registry.close()


def get(client: FlaskClient, path: str) -> Any:
    return client.get(f"/api/{path}")


def test_a_time_that_no_calendar_has_is_left_out(rig: VsphereRig, client: FlaskClient) -> None:
    image, machine = rig.seed_image(), rig.seed_unimageable_instance()
    odd = "0001-01-01T00:00:00+23:59"
    with changed(rig, with_value("config.createDate", odd)):
        assert "creation_time" not in get(client, f"images/{image}").json["image"]
        assert image in {each["id"] for each in get(client, "images").json["images"]}
    with changed(rig, with_value("summary.runtime.bootTime", odd)):
        assert "launch_time" not in get(client, f"instances/{machine}").json["instance"]
        assert get(client, "instances").status_code == 200


@pytest.mark.parametrize("text", ["unknown", "", "300.1.1.1"])
def test_an_address_that_is_none_is_left_out(rig: VsphereRig, client: FlaskClient, text: str) -> None:
    machine = rig.find("DC0/vm/DC0_H0_VM1")
    rig.set_property(machine, "guest.ipAddress", "10.1.2.3")
    with changed(rig, replacing(rb"(<ipAddress>)10\.1\.2\.3", rb"\g<1>" + text.encode())):
        shown = get(client, f"instances/{machine._moId}").json["instance"]
        listed = {each["id"]: each for each in get(client, "instances").json["instances"]}
    card = [{"address": machine.guest.net[0].macAddress, "type": "mac"}]
    assert (shown["public_addresses"], shown["private_addresses"]) == ([], card)
    assert listed[machine._moId]["private_addresses"] == card


@pytest.mark.parametrize("version", ["x.y", "", "6", "7.x", "9" * 5000 + ".1"])
def test_a_version_that_makes_no_sense_is_an_old_one(rig: VsphereRig, client: FlaskClient, version: str) -> None:
    image = rig.seed_image()
    with changed(rig, replacing(rb"(<apiVersion>)[^<]*", rb"\g<1>" + version.encode())):
        assert image in {each["id"] for each in get(client, "images").json["images"]}


@pytest.mark.parametrize("service", ["about", "rootFolder", "propertyCollector", "viewManager", "sessionManager"])
def test_a_vcenter_without_its_services_is_the_clouds_failure(
    rig: VsphereRig, client: FlaskClient, service: str
) -> None:
    with changed(rig, replacing(rb"(?s)<%s[ >].*?</%s>" % (service.encode(), service.encode()), b"")):
        status = get(client, "images").status_code
    assert status == (200 if service == "about" else 502)


@pytest.mark.parametrize("character", [b"\x01", b"&#1;", b"&#x1F;", b"\x0b"], ids=["raw", "number", "hex", "tab"])
def test_a_control_character_hides_no_list(rig: VsphereRig, client: FlaskClient, character: bytes) -> None:
    bad = rig.seed_machine("marked-name")
    bad.MarkAsTemplate()
    others = rig.image_ids()
    machine = rig.seed_machine("marked-name too")
    with changed(rig, replacing(b"marked-name", b"marked" + character + b"-name")):
        assert {each["id"] for each in get(client, "images").json["images"]} == others
        assert get(client, f"images/{bad._moId}").json["image"]["name"] == "marked-name"
        assert get(client, f"instances/{machine._moId}").json["instance"]["name"] == "marked-name too"


def test_an_object_without_a_reference_is_left_out_of_lists(rig: VsphereRig, client: FlaskClient) -> None:
    image, other = rig.seed_image(), rig.seed_image()
    with changed(rig, replacing(rb'<obj type="VirtualMachine">%s</obj>' % other.encode(), b"")):
        ids = {each["id"] for each in get(client, "images").json["images"]}
        assert (image in ids, other in ids) == (True, False)
        assert get(client, f"images/{other}").status_code == 502


@pytest.mark.parametrize("tokens", [None, "A", "AB"], ids=["endless", "A", "AB"])
def test_pages_that_do_not_end_are_the_clouds_failure(
    rig: VsphereRig, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, tokens: str | None
) -> None:
    monkeypatch.setattr("deltacloud_images.kit.pages.MAX_PAGES", 20)
    rig.seed_image()
    names = iter(cycle(tokens)) if tokens else (f"token{number}" for number in count())
    pages: list[Reply] = []

    def behave(exchange: Exchange) -> None:
        """Reply to each request for the next page with the first page and another token."""
        if b"<ContinueRetrievePropertiesEx " in exchange.request:
            renamed = pages[0].body.replace(b"RetrievePropertiesExResponse", b"ContinueRetrievePropertiesExResponse")
            pages.append(pages[0].with_body(renamed))
        elif b"<RetrievePropertiesEx " in exchange.request:
            pages.append(exchange.forward())
        else:
            exchange.send(exchange.forward())
            return
        end = b"</returnval>"
        body = pages[-1].body.replace(end, b"<token>%s</token>%s" % (next(names).encode(), end))
        exchange.send(pages[-1].with_body(body))

    with rig.proxy.hostile(behave):
        assert get(client, "images").status_code == 502
    assert len(pages) == {None: 21, "A": 2, "AB": 3}[tokens]
