"""What vSphere's instances, sizes and realms are, beyond what the conformance suite shows."""

from collections.abc import Iterator
from datetime import UTC

import pytest

from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import Conflict, MethodNotAllowed, ObjectNotFound, ValidationFailure
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.models import Address, HardwareProfile, Instance, InstanceFilter, NewImage, Property, Realm
from deltacloud_images.testing import eventually
from tests.drivers.vsphere.rig import VsphereRig


@pytest.fixture
def catalog(rig: VsphereRig) -> Iterator[Catalog]:
    with Catalog(rig.driver, rig.credentials, None) as catalog:
        yield catalog


@pytest.fixture
def hasty(rig: VsphereRig) -> Iterator[Catalog]:
    """Of a driver that does not wait for tasks, on a vCenter whose clones take as long as the test."""
    driver = rig.new_driver(task_wait_seconds=0)
    rig.vcsim.hold_clones()
    with Catalog(driver, rig.credentials, None) as catalog:
        yield catalog
    rig.vcsim.release_clones()
    driver.close()


def test_every_field_of_an_instance(rig: VsphereRig, catalog: Catalog) -> None:
    machine = rig.seed_machine("whole instance", numCPUs=2, memoryMB=512)
    rig.wait(machine.PowerOnVM_Task())
    assert catalog.instance(machine._moId) == Instance(
        id=machine._moId,
        name="whole instance",
        owner_id="user",
        realm_id=machine.datastore[0]._moId,
        state="RUNNING",
        hardware_profile_id="default",
        overrides=(Property("cpu", "2"), Property("memory", "512")),
        actions=("reboot", "stop"),
        image_obstacle="It has to be STOPPED.",
        launch_time=machine.summary.runtime.bootTime.astimezone(UTC),
    )


def test_the_actions_of_a_stopped_instance(rig: VsphereRig, catalog: Catalog) -> None:
    instance = catalog.instance(rig.seed_instance())
    assert (instance.state, instance.actions, instance.can_create_image) == ("STOPPED", ("start", "destroy"), True)


def test_an_instance_out_of_reach_is_an_error(rig: VsphereRig, catalog: Catalog) -> None:
    machine = rig.seed_machine()
    rig.set_property(machine, "summary.runtime.connectionState", "orphaned")
    instance = catalog.instance(machine._moId)
    assert (instance.state, instance.actions, instance.can_create_image) == ("ERROR", (), False)


def test_launch_clones_where_the_template_lies_and_powers_on(rig: VsphereRig, catalog: Catalog) -> None:
    template = rig.seed_machine("golden", numCPUs=2, memoryMB=256)
    template.MarkAsTemplate()
    (instance,) = catalog.create_instance(rig.launch_of(template._moId, "of golden"), "")
    clone = rig.machine(instance.id)
    assert (instance.state, instance.name, instance.id) == ("RUNNING", "of golden", clone._moId)
    assert instance.overrides == (Property("cpu", "2"), Property("memory", "256"))
    assert clone.runtime.powerState == "poweredOn"
    assert clone.parent == template.parent
    assert clone.resourcePool == rig.find("DC0/host/DC0_H0").resourcePool


def test_launch_without_a_name_makes_one(rig: VsphereRig, catalog: Catalog) -> None:
    new = rig.launch_of(rig.seed_image(), "x")
    names = {catalog.create_instance(type(new)(new.image_id), "")[0].name for _ in range(2)}
    assert len(names) == 2
    assert all(name.startswith("instance-") for name in names)


def test_launch_escapes_the_name(rig: VsphereRig, catalog: Catalog) -> None:
    (instance,) = catalog.create_instance(rig.launch_of(rig.seed_image(), "a/b\\c 100%"), "")
    assert instance.name == "a/b\\c 100%"
    assert rig.machine(instance.id).name == "a%2fb%5cc 100%25"
    assert catalog.instance(instance.id).name == "a/b\\c 100%"


@pytest.mark.parametrize("profile", ["", "default"])
def test_launch_in_another_size(rig: VsphereRig, catalog: Catalog, profile: str) -> None:
    new = rig.launch_of(rig.seed_image(), cpu="2", memory="512")
    (instance,) = catalog.create_instance(new, profile)
    assert instance.overrides == (Property("cpu", "2"), Property("memory", "512"))


@pytest.mark.parametrize("profile", ["", "default"])
@pytest.mark.parametrize(
    "size", [{"cpu": "0"}, {"cpu": "1.5"}, {"cpu": "9999"}, {"cpu": "two"}, {"memory": "130"}, {"memory": "64"},
             {"memory": "1e3"}, {"storage": "10"}]
)  # fmt: skip
def test_launch_refuses_other_sizes(rig: VsphereRig, catalog: Catalog, size: dict[str, str], profile: str) -> None:
    new = rig.launch_of(rig.seed_image(), **size)
    before = rig.instance_ids()
    with pytest.raises(ValidationFailure, match=f"hwp_{next(iter(size))}"):
        catalog.create_instance(new, profile)
    assert rig.instance_ids() == before


@pytest.mark.parametrize("name", ["n" * 81, "bell\x07"])
def test_launch_refuses_impossible_names(rig: VsphereRig, catalog: Catalog, name: str) -> None:
    with pytest.raises(ValidationFailure, match="name"):
        catalog.create_instance(rig.launch_of(rig.seed_image(), name), "")


def test_launch_into_a_datastore(rig: VsphereRig, catalog: Catalog) -> None:
    image = rig.seed_image()
    other = rig.datastore("DC0", "LocalDS_1")
    (instance,) = catalog.create_instance(rig.launch_of(image, realm_id=other), "")
    assert instance.realm_id == other
    assert [each.id for each in catalog.instances(InstanceFilter(realm_id=other))].count(instance.id) == 1


def test_launch_into_a_cluster(rig: VsphereRig, catalog: Catalog) -> None:
    cluster = rig.find("DC0/host/DC0_C0")
    (instance,) = catalog.create_instance(rig.launch_of(rig.seed_image(), realm_id=cluster._moId), "")
    assert rig.machine(instance.id).resourcePool == cluster.resourcePool


def test_launch_into_another_datacenter(rig: VsphereRig, catalog: Catalog) -> None:
    (instance,) = catalog.create_instance(
        rig.launch_of(rig.seed_image(), realm_id=rig.find("DC1/host/DC1_C0")._moId), ""
    )
    assert rig.machine(instance.id).parent == rig.find("DC1").vmFolder


def test_launch_refuses_a_host_that_is_no_cluster_as_realm(rig: VsphereRig, catalog: Catalog) -> None:
    new = rig.launch_of(rig.seed_image(), realm_id=rig.find("DC0/host/DC0_H0")._moId)
    with pytest.raises(ValidationFailure, match="Realm"):
        catalog.create_instance(new, "")


def test_a_taken_name_is_a_conflict(rig: VsphereRig, catalog: Catalog) -> None:
    image = rig.seed_image()
    rig.seed_machine("taken")
    before = rig.instance_ids()
    with pytest.raises(Conflict, match="name"):
        catalog.create_instance(rig.launch_of(image, "taken"), "")
    assert rig.instance_ids() == before


def test_a_clone_in_progress_is_pending_and_becomes_the_instance(rig: VsphereRig, hasty: Catalog) -> None:
    image = rig.seed_image()
    (instance,) = hasty.create_instance(rig.launch_of(image, "takes long"), "")
    assert (instance.state, instance.name, instance.image_id, instance.actions) == ("PENDING", "takes long", image, ())
    shown = hasty.instance(instance.id)
    assert shown in list(hasty.instances(InstanceFilter(state="PENDING")))
    assert (shown.id, shown.state, shown.image_id) == (instance.id, "PENDING", image)
    for action in ("start", "stop", "reboot"):
        with pytest.raises(MethodNotAllowed):
            hasty.act(action, instance.id)
    with pytest.raises(MethodNotAllowed):
        hasty.destroy_instance(instance.id)
    with pytest.raises(Conflict):
        hasty.create_image(NewImage(instance.id))

    rig.vcsim.release_clones()
    assert eventually(lambda: hasty.instance(instance.id).state == "RUNNING")
    made = hasty.instance(instance.id)
    assert (made.id in rig.instance_ids(), made.name) == (True, "takes long")
    assert list(hasty.instances(InstanceFilter(state="PENDING"))) == []
    assert hasty.act("stop", instance.id).id == made.id


def test_a_launch_answers_within_the_limit_however_long_it_may_wait(rig: VsphereRig) -> None:
    image = rig.seed_image()
    driver = rig.new_driver(task_wait_seconds=3600)
    rig.vcsim.hold_clones()
    with Catalog(driver, rig.credentials, None, Deadline(1.5)) as catalog:
        (instance,) = catalog.create_instance(rig.launch_of(image), "")
    rig.vcsim.release_clones()
    with Catalog(driver, rig.credentials, None) as catalog:
        assert instance.state == "PENDING"
        assert eventually(lambda: catalog.instance(instance.id).state == "RUNNING")
    driver.close()


def test_a_clone_that_fails_later_is_an_error(rig: VsphereRig, hasty: Catalog) -> None:
    image = rig.seed_image()
    rig.seed_machine("taken meanwhile")
    (instance,) = hasty.create_instance(rig.launch_of(image, "taken meanwhile"), "")
    assert instance.state == "PENDING"
    rig.vcsim.release_clones()
    assert eventually(lambda: hasty.instance(instance.id).state == "ERROR")
    assert hasty.instance(instance.id).actions == ()
    assert instance.id not in {each.id for each in hasty.instances(InstanceFilter())}


def test_no_other_task_is_an_instance(rig: VsphereRig, catalog: Catalog) -> None:
    machine = rig.seed_machine()
    task = machine.PowerOnVM_Task()
    with pytest.raises(ObjectNotFound):
        catalog.instance(task._moId)


@pytest.mark.parametrize(
    ("action", "tools", "method"),
    [
        ("reboot", "guestToolsRunning", "RebootGuest"),
        ("reboot", "guestToolsNotRunning", "ResetVM_Task"),
        ("stop", "guestToolsRunning", "ShutdownGuest"),
        ("stop", "guestToolsNotRunning", "PowerOffVM_Task"),
    ],
)
def test_the_guest_is_asked_where_its_tools_run(
    rig: VsphereRig, catalog: Catalog, action: str, tools: str, method: str
) -> None:
    machine = rig.seed_machine()
    rig.set_property(machine, "guest.toolsRunningStatus", tools)
    rig.wait(machine.PowerOnVM_Task())
    rig.vcsim.calls()
    catalog.act(action, machine._moId)
    asked = {"RebootGuest", "ResetVM_Task", "ShutdownGuest", "PowerOffVM_Task"} & set(rig.vcsim.calls())
    assert asked == {method}


def test_addresses_are_those_that_the_guest_tells(rig: VsphereRig, catalog: Catalog) -> None:
    machine = rig.find("DC0/vm/DC0_H0_VM0")
    before = catalog.instance(machine._moId)
    assert before.public_addresses == ()
    assert before.private_addresses == (Address(machine.guest.net[0].macAddress, "mac"),)
    rig.set_property(machine, "guest.ipAddress", "10.1.2.3")
    inside = catalog.instance(machine._moId)
    assert (inside.public_addresses, inside.private_addresses) == ((), (Address("10.1.2.3", "ipv4"),))
    rig.set_property(machine, "guest.ipAddress", "2606:4700::1")
    outside = catalog.instance(machine._moId)
    assert (outside.public_addresses, outside.private_addresses) == ((Address("2606:4700::1", "ipv6"),), ())


def test_realms_are_datastores_and_clusters(rig: VsphereRig, catalog: Catalog) -> None:
    store = rig.find("DC0").datastoreFolder.childEntity[0]
    cluster = rig.find("DC1/host/DC1_C0")
    realms = {realm.id: realm for realm in catalog.realms()}
    assert realms[store._moId] == Realm(store._moId, store.name, "AVAILABLE", str(store.summary.freeSpace))
    assert realms[cluster._moId] == Realm(cluster._moId, "DC1_C0", "AVAILABLE", "")
    assert len(realms) == 6  # two datastores, which are named alike, and one cluster in each of two datacenters


def test_the_size_is_what_fits_on_a_host(rig: VsphereRig, catalog: Catalog) -> None:
    hardware = rig.find("DC0/host/DC0_H0").host[0].summary.hardware
    memory = str((hardware.memorySize >> 20) // 4 * 4)
    assert catalog.hardware_profiles() == [
        HardwareProfile(
            "default",
            "default",
            (
                Property("cpu", "1", "range", first="1", last=str(hardware.numCpuThreads)),
                Property("memory", "1024", "range", first="128", last=memory),
                Property("architecture", "x86_64", "enum", entries=("x86_64", "i386")),
            ),
        )
    ]
