"""What is LXD's own about instances, sizes and storage pools."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from deltacloud_images.errors import Conflict, ObjectNotFound, ProviderError
from deltacloud_images.kit.deadline import Deadline, in_force
from deltacloud_images.models import Address, HardwareProfile, Instance, InstanceFilter, NewInstance
from deltacloud_images.testing import eventually
from deltacloud_images.testing.attack import hostile
from deltacloud_images.testing.behaviours import Recorder
from deltacloud_lxd import convert, sizes
from tests.drivers.lxd.rig import LxdRig
from tests.drivers.lxd.server import Server, serve


@pytest.mark.products("lxd", "incus")
def test_a_launch_as_it_was_asked_for(rig: LxdRig, server: Server) -> None:
    instance = server.post(
        "/instances",
        image_id=rig.seed_image(),
        name="sized",
        realm_id="default",
        hwp_id="default",
        hwp_cpu="1",
        hwp_memory="64.5",
        hwp_storage="2",
        user_data="#cloud-config",
    )["instance"]
    assert instance["hardware_profile"]["properties"] == {"cpu": "1", "memory": "64.5", "storage": "2"}
    assert instance["realm"]["id"] == "default"
    record = rig.daemon.call("GET", "/1.0/instances/sized")
    assert record["profiles"] == ["default"]
    assert record["devices"] == {
        "root": {"type": "disk", "path": "/", "pool": "default", "size": str(2 * 1024**3)},
    }
    wanted = {"limits.cpu": "1", "limits.memory": str(129 * 1024**2 // 2), "cloud-init.user-data": "#cloud-config"}
    assert wanted.items() <= record["config"].items()


def test_a_profile_with_limits_is_a_size(rig: LxdRig, tmp_path: Path) -> None:
    rig.daemon.set_profile("small", {"limits.cpu": "0-0", "limits.memory": "256MiB"})
    rig.daemon.set_profile("unlimited", {"user.note": "no size"})
    found = _profiles(rig)
    assert sorted(found) == ["default", "small"]
    assert [(each.name, each.kind) for each in found["default"].properties] == [
        ("cpu", "range"), ("memory", "range"), ("storage", "range"),
    ]  # fmt: skip
    cpu, memory, storage = found["small"].properties
    assert (cpu.value, cpu.kind, memory.value, memory.kind, storage.kind) == ("1", "fixed", "256", "fixed", "range")
    resources = rig.daemon.call("GET", "/1.0/resources")
    assert found["default"].properties[0].last == str(resources["cpu"]["total"])
    fresh = serve(rig, tmp_path)
    instance = fresh.post("/instances", image_id=rig.seed_image(), name="small1", hwp_id="small")["instance"]
    assert (instance["state"], instance["hardware_profile"]["id"]) == ("RUNNING", "small")
    assert rig.daemon.call("GET", "/1.0/instances/small1")["profiles"] == ["default", "small"]
    refusal = fresh.post("/instances", 400, image_id=rig.seed_image(), hwp_id="small", hwp_cpu="2")
    assert "allows only 1 (count)" in refusal["message"]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"name": "not a name"}, 400),
        ({"hwp_id": "default", "hwp_cpu": "1.5"}, 400),
        ({"hwp_id": "default", "hwp_memory": "9999999999"}, 400),
        ({"realm_id": "nowhere"}, 400),
        ({"user_data": "/w=="}, 400),
        ({"name": "twice"}, 409),
    ],
)
def test_what_lxd_does_not_take_is_refused(rig: LxdRig, server: Server, form: dict[str, str], status: int) -> None:
    if "twice" not in rig.instance_ids():
        rig.daemon.add_instance("twice", rig.seed_image())
    before = rig.instance_ids()
    server.post("/instances", status, image_id=rig.seed_image(), **form)
    assert rig.instance_ids() == before


def test_an_instance_without_name_gets_one_from_lxd(rig: LxdRig, server: Server) -> None:
    before = rig.instance_ids()
    instance = server.post("/instances", image_id=rig.seed_image())["instance"]
    assert rig.instance_ids() - before == {instance["id"]}


@pytest.mark.products("lxd", "incus")
def test_a_launch_that_takes_long_is_pending(rig: LxdRig, tmp_path: Path) -> None:
    impatient = serve(rig, tmp_path, task_wait_seconds=0)
    instance = impatient.post("/instances", image_id=rig.seed_image(), name="impatient")["instance"]
    assert (instance["id"], instance["state"]) == ("impatient", "PENDING")
    assert eventually(lambda: impatient.get("/instances/impatient")["instance"]["state"] in ("STOPPED", "RUNNING"))


@pytest.mark.products("lxd", "incus")
def test_an_instance_that_cannot_start_is_told_with_lxds_sentence(rig: LxdRig, server: Server, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    broken = rig.new_instance(devices={"shared": {"type": "disk", "source": str(shared), "path": "/shared"}})
    shared.rmdir()
    message = server.post(f"/instances/{broken}/start", 502)["message"]
    assert message.startswith(f"Instance '{broken}' could not be changed: ")
    assert message.endswith("(LXD)")


def test_a_frozen_instance_can_be_resumed_and_nothing_else(rig: LxdRig, server: Server) -> None:
    name = rig.new_instance(running=True)
    rig.daemon.change_state(name, "freeze")
    frozen = server.get(f"/instances/{name}")["instance"]
    assert (frozen["state"], [each["rel"] for each in frozen["actions"]]) == ("STOPPED", ["start"])
    assert "FROZEN" in server.post("/images", 409, instance_id=name, name="never")["message"]
    assert server.post(f"/instances/{name}/start", 202)["instance"]["state"] == "RUNNING"
    assert rig.daemon.call("GET", f"/1.0/instances/{name}")["status"] == "Running"


@pytest.mark.products("lxd", "incus")
def test_a_list_takes_one_request_and_lxd_filters_it(rig: LxdRig) -> None:
    rig.seed_instance()
    image_id = rig.seed_image()
    recorder = Recorder()
    driver = rig.new_proxied_driver()
    with hostile(rig, recorder), rig.catalog(driver=driver) as catalog:
        list(catalog.instances(InstanceFilter()))
        before = len(recorder.requests)
        found = list(catalog.instances(InstanceFilter(image_id=image_id)))
        assert {each.image_id for each in found} == {image_id}
        assert len(recorder.requests) == before + 1
    driver.close()
    assert b"base_image" in recorder.requests[-1]


def test_an_instance_that_another_request_has_started_cannot_be_destroyed(rig: LxdRig) -> None:
    """The server has seen it stopped; LXD itself refuses."""
    name = rig.new_instance(running=True)
    deadline = Deadline(60)
    with in_force(deadline), closing(rig.driver.connect(rig.credentials, "main", deadline)) as session:
        with pytest.raises(Conflict, match="running"):
            session.destroy_instance(name)
        with pytest.raises(ObjectNotFound):
            session.destroy_instance("nobody")
    assert name in rig.instance_ids()


@pytest.mark.products("lxd", "incus")
def test_a_virtual_machine_is_launched_of_its_image(rig: LxdRig) -> None:
    """A host without QEMU and its kernel modules refuses it; what LXD is asked for is the same."""
    image_id = rig.daemon.add_machine_image("of a virtual machine")
    recorder = Recorder()
    driver = rig.new_proxied_driver()
    with hostile(rig, recorder), rig.catalog(driver=driver) as catalog:
        try:
            catalog.create_instance(NewInstance(image_id, name="machine"), "")
        except ProviderError as error:
            assert 'Instance type "virtual-machine" is not supported on this server' in str(error)  # noqa: PT017
    driver.close()
    (launch,) = [each for each in recorder.requests if each.startswith(b"POST /1.0/instances?")]
    assert b'"type":"virtual-machine"' in launch


@pytest.mark.parametrize(
    ("code", "state", "actions"),
    [
        (102, "STOPPED", ("start", "destroy")),
        (103, "RUNNING", ("reboot", "stop")),
        (106, "PENDING", ()),
        (107, "STOPPING", ()),
        (110, "STOPPED", ("start",)),
        (112, "ERROR", ("destroy",)),
        (999, "UNKNOWN", ()),
    ],
)
def test_states(code: int, state: str, actions: tuple[str, ...]) -> None:
    instance = _instance(status_code=code)
    assert (instance.state, instance.actions) == (state, actions)
    assert instance.can_create_image == (code == 102)


def test_addresses_are_those_of_the_guests_interfaces() -> None:
    addresses = [
        {"family": "inet", "address": "10.1.2.3", "netmask": "24", "scope": "global"},
        {"family": "inet6", "address": "2001:4860::1", "netmask": "64", "scope": "global"},
        {"family": "inet6", "address": "fe80::1", "netmask": "64", "scope": "link"},
    ]
    local = {"addresses": [{"family": "inet", "address": "127.0.0.1", "netmask": "8", "scope": "local"}]}
    instance = _instance(state={"network": {"eth0": {"addresses": addresses}, "lo": local}})
    assert instance.private_addresses == (Address("10.1.2.3"),)
    assert instance.public_addresses == (Address("2001:4860::1", "ipv6"),)


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"limits.cpu": "4"}, {"cpu": "4"}),
        ({"limits.cpu": "0-3,8"}, {"cpu": "5"}),
        ({"limits.cpu": "many"}, {}),
        ({"limits.cpu": "3-1"}, {}),
        ({"limits.memory": "512MB"}, {"memory": "488.28"}),
        ({"limits.memory": "2GiB"}, {"memory": "2048"}),
        ({"limits.memory": "1073741824"}, {"memory": "1024"}),
        ({"limits.memory": "25%"}, {"memory": "1024"}),
        ({"limits.memory": "2 elephants"}, {}),
    ],
)
def test_limits_in_lxds_notation(config: dict[str, str], found: dict[str, str]) -> None:
    host = {"cpu": 4, "memory": 4 * sizes.GIB, "storage": sizes.GIB}
    assert sizes.limits(config, {}, host) == found


def test_a_host_that_is_not_told_limits_nothing(rig: LxdRig) -> None:
    (size,) = sizes.hardware_profiles([{"name": "default"}], sizes.UNKNOWN_HOST)
    assert [each.kind for each in size.properties] == ["range"] * 3


def _profiles(rig: LxdRig) -> dict[str, HardwareProfile]:
    """The sizes as a new driver sees them, which keeps none from before."""
    driver = rig.make_driver()
    with rig.catalog(driver=driver) as catalog:
        found = {each.id: each for each in catalog.hardware_profiles()}
    driver.close()
    return found


def _instance(**values: Any) -> Instance:
    return convert.instance({"name": "one", "status_code": 103, **values}, "default", ("default",))
