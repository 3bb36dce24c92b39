"""Every client library reads everything and goes the whole round trip, as far as it has verbs for it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.clients import facts
from tests.clients.conftest import Server
from tests.clients.facts import Facts
from tests.clients.libraries import LIBRARIES, Library, Refused
from tests.clients.wire import basic


@pytest.fixture
def client(library_class: type[Library], server: Server) -> Library:
    library = library_class(server.address)
    if library.has("connect"):
        library.connect()
    return library


def each_that_has(verb: str) -> pytest.MarkDecorator:
    """Run the test for every library with that verb."""
    libraries = [library for library in LIBRARIES if library.has(verb)]
    return pytest.mark.parametrize("library_class", libraries, ids=lambda library: library.__name__)


@pytest.fixture
def own(client: Library) -> tuple[str, ...]:
    """The ids of the instances that the client's account has from the start."""
    return facts.INSTANCES if client.user == "mockuser" else ()


def tells(found: Facts, expected: Mapping[str, Any]) -> bool:
    """Whether each field that a client reads is as expected; the assertion shows the first that is not."""
    assert found == {name: expected[name] for name in found}
    return len(found) > 1


@each_that_has("connect")
def test_connects(client: Library) -> None:
    expected = {
        "driver": "mock",
        "version": "1.1.3",
        "provider": None,
        "collections": facts.COLLECTIONS,
        "features": facts.FEATURES,
    }
    found = client.connect()
    assert found == {name: expected[name] for name in found}
    assert found


@each_that_has("accepted")
def test_checks_credentials(client: Library) -> None:
    assert client.accepted()
    client.authorization = basic("mockuser", "wrong")
    assert not client.accepted()


@each_that_has("images")
def test_lists_images(client: Library) -> None:
    images = client.images()
    assert [each["id"] for each in images] == list(facts.IMAGES)
    assert tells(images[0], facts.image1(client.api))


@each_that_has("image")
def test_shows_an_image(client: Library) -> None:
    assert tells(client.image("img1"), facts.image1(client.api))
    with pytest.raises(Refused):
        client.image("unknown")


@each_that_has("images_where")
def test_filters_images(client: Library) -> None:
    assert [each["id"] for each in client.images_where("architecture", "i386")] == ["img2", "img3"]
    assert [each["id"] for each in client.images_where("owner_id", "fedoraproject")] == ["img1", "img2"]
    assert client.images_where("id", "unknown") == []


@each_that_has("sizes")
def test_reads_hardware_profiles(client: Library) -> None:
    sizes = client.sizes()
    assert sorted(each["id"] for each in sizes) == sorted(facts.SIZES)
    [large] = [each for each in sizes if each["id"] == "m1-large"]
    assert tells(large, facts.size_large(client.api))


@each_that_has("realms")
def test_reads_realms(client: Library) -> None:
    realms = client.realms()
    assert [each["id"] for each in realms] == ["us", "eu"]
    assert tells(realms[0], facts.realm_us(client.api))


@each_that_has("states")
def test_reads_instance_states(client: Library) -> None:
    assert client.states() == facts.STATES


@each_that_has("drivers")
def test_reads_drivers(client: Library) -> None:
    assert client.drivers()["mock"] == "Mock"


@each_that_has("instances")
def test_lists_instances(client: Library, own: tuple[str, ...]) -> None:
    instances = client.instances()
    assert [each["id"] for each in instances] == list(own)
    assert all(tells(each, facts.instance1(client.api)) for each in instances if each["id"] == "inst1")


@each_that_has("instance")
def test_shows_an_instance(client: Library, own: tuple[str, ...]) -> None:
    if own:
        assert tells(client.instance("inst1"), facts.instance1(client.api))
    with pytest.raises(Refused):
        client.instance("unknown")


@each_that_has("act")
def test_learns_that_an_action_failed(client: Library) -> None:
    actions = {"stop": ("post", f"{client.api}/instances/unknown/stop")}
    with pytest.raises(Refused):
        client.act({"id": "unknown", "href": f"{client.api}/instances/unknown", "actions": actions}, "stop")


@each_that_has("launch")
def test_goes_the_round_trip(client: Library, server: Server, own: tuple[str, ...]) -> None:
    launched = client.launch({"id": "img3", "hardware_profiles": ["m1-small"]}, "a & b <c>")
    assert tells(launched, _launched(client, launched))
    assert [each["id"] for each in client.instances()] == [*own, launched["id"]]
    if client.has("create_image"):
        _saves_and_launches(client, server, launched)
    if client.has("act"):
        for action, state in (("reboot", "RUNNING"), ("stop", "STOPPED"), ("start", "RUNNING"), ("stop", "STOPPED")):
            client.act(_again(client, launched), action)
            assert _again(client, launched)["state"] == state
    if client.has("destroy_instance"):
        client.destroy_instance(_again(client, launched))
    else:
        _clear(client, server, launched)
    assert [each["id"] for each in client.instances()] == list(own)


def _saves_and_launches(client: Library, server: Server, instance: Facts) -> None:
    """Save the instance as an image, launch that, and delete both."""
    made = client.create_image(instance, "saved <&> image")
    saved = _images(server)[-1]
    assert saved["name"] in ("saved <&> image", saved["id"])  # not every library sends a name
    assert saved["owner_id"] == client.user
    assert made is None or tells(made, saved | {"hardware_profiles": list(facts.SIZES), "actions": made.get("actions")})
    if client.has("images"):
        assert client.images()[-1]["id"] == saved["id"]
    second = client.launch({"id": saved["id"], "hardware_profiles": ["m1-small"]}, "a & b <c>")
    assert second.get("image_id", saved["id"]) == saved["id"]
    client.act(second, "stop")
    client.destroy_instance(_again(client, second))
    if client.has("delete_image"):
        client.delete_image(made or saved)
    else:
        assert (
            client.exchange(f"DELETE /api/images/{saved['id']}", f"Host: {client.host}", client.authorization).status
            == 204
        )
    assert [each["id"] for each in _images(server)] == list(facts.IMAGES)


def _again(client: Library, instance: Facts) -> Facts:
    [found] = [each for each in client.instances() if each["id"] == instance["id"]]
    return found


def _images(server: Server) -> list[Facts]:
    """What images there are, read without any client."""
    images: list[Facts] = json.loads(server.call("GET /api/images?format=json").body)["images"]
    return images


def _launched(client: Library, instance: Facts) -> Facts:
    instance_id = instance["id"]
    return facts.instance1(client.api) | {
        "id": instance_id,
        "href": f"{client.api}/instances/{instance_id}",
        "name": "a & b <c>",
        "owner_id": client.user,
        "public_addresses": [f"img3.{instance_id}.public.com"],
        "private_addresses": [f"img3.{instance_id}.private.com"],
        "actions": facts.running_actions(client.api, instance_id),
        "launch_time": instance.get("launch_time"),
        "keyname": instance.get("keyname"),
    }


def _clear(client: Library, server: Server, instance: Facts) -> None:
    """Destroy the instance for a library that cannot."""
    if _again(client, instance)["state"] == "RUNNING":
        assert server.call(f"POST /api/instances/{instance['id']}/stop", "Content-Length: 0").status == 202
    assert server.call(f"DELETE /api/instances/{instance['id']}").status == 204
