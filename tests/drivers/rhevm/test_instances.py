"""What is special about instances of RHEV-M and oVirt: virtual machines, their states, sizes and clusters."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deltacloud_images.errors import MethodNotAllowed, ObjectNotFound, ProviderError, ValidationFailure
from deltacloud_images.models import (
    Address,
    HardwareProfile,
    ImageFilter,
    Instance,
    InstanceFilter,
    NewInstance,
    Property,
    Realm,
)
from deltacloud_images.testing import eventually
from tests.drivers.rhevm.rig import RhevmRig
from tests.drivers.rhevm.simulator.state import Cluster, DataCenter

MAC = "02:00:5e:00:53:01"
STATES = {
    "up": ("RUNNING", {"reboot", "stop"}),
    "migrating": ("RUNNING", {"stop"}),
    "migrating_from": ("RUNNING", {"stop"}),
    "migrating_to": ("RUNNING", {"stop"}),
    "not_responding": ("RUNNING", {"stop"}),
    "wait_for_launch": ("PENDING", {"stop"}),
    "powering_up": ("PENDING", {"reboot", "stop"}),
    "reboot_in_progress": ("PENDING", {"stop"}),
    "saving_state": ("PENDING", set()),
    "restoring_state": ("PENDING", set()),
    "image_locked": ("PENDING", set()),
    "powering_down": ("STOPPING", set()),
    "down": ("STOPPED", {"start", "destroy"}),
    "paused": ("RUNNING", {"start"}),
    "suspended": ("STOPPED", {"start"}),
    "image_illegal": ("STOPPED", {"destroy"}),
    "unassigned": ("UNKNOWN", set()),
    "unknown": ("UNKNOWN", set()),
}


def test_an_instance_is_a_virtual_machine_in_either_generation(lab: RhevmRig) -> None:
    vm_id = lab.seed_instance(sockets=2, cores=3, type="desktop")
    vm = lab.engine.state.vm(vm_id)
    expected = Instance(
        id=vm_id,
        name="vm1",
        owner_id="jane@example.com",
        image_id=vm.template_id,
        realm_id=vm.cluster.id,
        state="STOPPED",
        hardware_profile_id="DESKTOP",
        overrides=(Property("cpu", "6"), Property("memory", "1024")),
        actions=("start", "destroy"),
        can_create_image=True,
        launch_time=datetime(2014, 5, 6, 14, 10, 11, 530000, tzinfo=UTC),
        public_addresses=(Address(MAC, "mac"),),
    )
    with lab.catalog() as catalog:
        assert list(catalog.instances(InstanceFilter())) == [expected]
        assert catalog.instance(vm_id) == expected


@pytest.mark.parametrize("status", STATES)
def test_states_and_what_the_engine_permits_then(lab: RhevmRig, status: str) -> None:
    """Every action that is offered succeeds, and none of the others is sent."""
    state, permitted = STATES[status]
    permitted = permitted - lab.absent_actions
    with lab.catalog() as catalog:
        vm_id = lab.seed_instance(status=status)
        found = catalog.instance(vm_id)
        assert (found.state, set(found.actions)) == (state, permitted)
        for action in {"start", "stop", "reboot"} - permitted:
            with lab.engine.recorded() as seen, pytest.raises(MethodNotAllowed):
                catalog.act(action, vm_id)
            assert not [each for each in seen if each.startswith("POST")]
        for action in permitted - {"destroy"}:
            fresh = lab.seed_instance(status=status)
            with lab.engine.recorded() as seen:
                catalog.act(action, fresh)
            assert len([each for each in seen if each.startswith(f"POST /vms/{fresh}/")]) == 1


def test_stop_asks_the_guest_to_shut_down(lab: RhevmRig) -> None:
    """Deltacloud's RHEV-M driver: ``stop`` is the engine's ``shutdown``, not its ``stop``, which cuts the power."""
    vm_id = lab.seed_instance(status="up")
    with lab.catalog() as catalog:
        catalog.instance(vm_id)
        with lab.engine.recorded() as seen:
            assert catalog.act("stop", vm_id).state == "STOPPING"
        follow = "" if lab.engine.version < (4, 0) else "?follow=nics,reported_devices"
        shown = f"GET /vms/{vm_id}{follow}"
        assert seen == [shown, f"POST /vms/{vm_id}/shutdown", shown]
        assert eventually(lambda: catalog.instance(vm_id).state == "STOPPED")


def test_rebooting_is_offered_where_the_engine_can(lab: RhevmRig) -> None:
    """REST API guide: ``reboot`` is none of 3.1's actions on a virtual machine."""
    vm_id = lab.seed_instance(status="up")
    with lab.catalog() as catalog:
        assert catalog.instance(vm_id).actions == (("stop",) if lab.engine.version == (3, 1) else ("reboot", "stop"))


def test_addresses_are_the_guests_or_else_the_network_cards(lab: RhevmRig) -> None:
    guest = lab.seed_instance(status="up", ips=("192.0.2.21", "2001:db8::7", "fe80::5eff:fe00:5301"))
    mute, bare = lab.seed_instance(), lab.seed_instance(mac="")
    with lab.catalog() as catalog:
        found = {instance.id: instance.public_addresses for instance in catalog.instances(InstanceFilter())}
        assert found == {
            guest: (Address("192.0.2.21", "ipv4"), Address("2001:db8::7", "ipv6")),
            mute: (Address(MAC, "mac"),),
            bare: (),
        }
        assert {each: catalog.instance(each).public_addresses for each in found} == found


def test_a_list_takes_one_request_a_page(lab: RhevmRig) -> None:
    """REST API guide: ``detail=nics`` (3) and ``follow=nics`` (4.2) put the network cards into the list."""
    expected = {lab.seed_instance() for _ in range(150)}
    with lab.catalog() as catalog:
        list(catalog.instances(InstanceFilter()))
        with lab.engine.recorded() as seen:
            found = list(catalog.instances(InstanceFilter()))
    assert {instance.id for instance in found} == expected
    assert [instance.name for instance in found] == sorted(instance.name for instance in found)
    follow = "" if lab.engine.version < (4, 0) else "&follow=nics,reported_devices"
    assert seen == [f"GET /vms?search={follow}"]


def test_an_engine_that_cannot_do_that_is_asked_for_each_instances_cards(tmp_path: Path) -> None:
    with closing(RhevmRig(tmp_path, (4, 1))) as lab:
        expected = {lab.seed_instance(): (Address(MAC, "mac"),) for _ in range(70)}
        with lab.catalog() as catalog, lab.engine.recorded() as seen:
            found = list(catalog.instances(InstanceFilter()))
    assert {instance.id: instance.public_addresses for instance in found} == expected
    assert sorted(each for each in seen if "search" not in each) == sorted(f"GET /vms/{each}/nics" for each in expected)


def test_an_instance_of_the_blank_template_has_no_image(lab: RhevmRig) -> None:
    vm_id = lab.seed_instance(template_id="00000000-0000-0000-0000-000000000000")
    with lab.catalog() as catalog:
        assert catalog.instance(vm_id).image_id == ""


def test_a_launch_names_cluster_memory_and_processors(lab: RhevmRig) -> None:
    image_id, cluster = lab.seed_image(), lab.engine.state.clusters[2]
    new = NewInstance(image_id, "web", cluster.id, properties={"memory": "2048", "cpu": "4"}, user_data=b"a=1\n")
    with lab.catalog() as catalog:
        (instance,) = catalog.create_instance(new, "DESKTOP")
        vm = lab.engine.state.vm(instance.id)
        assert (vm.name, vm.template_id, vm.cluster, vm.type) == ("web", image_id, cluster, "desktop")
        assert (vm.memory, vm.sockets, vm.cores) == (2048 * 2**20, 1, 4)
        assert vm.files["deltacloud-user-data.txt"] == "a=1\n"
        assert (instance.state, instance.realm_id, instance.hardware_profile_id) == ("PENDING", cluster.id, "DESKTOP")
        assert instance.overrides == (Property("cpu", "4"), Property("memory", "2048"))
        assert eventually(lambda: catalog.instance(instance.id).state == "STOPPED")


def test_a_plain_launch_is_in_the_images_own_cluster_and_size(lab: RhevmRig) -> None:
    image_id = lab.seed_image()
    with lab.catalog() as catalog, lab.engine.recorded() as seen:
        (instance,) = catalog.create_instance(NewInstance(image_id), "")
    assert seen == [f"GET /templates/{image_id}", "POST /vms"]
    assert (instance.realm_id, instance.overrides[1]) == (lab.engine.state.clusters[1].id, Property("memory", "512"))
    assert instance.name.startswith("i-")
    body = lab.engine.requests[-1].body.decode()
    assert body == (
        f'<vm><name>{instance.name}</name><template id="{image_id}"/><cluster id="{instance.realm_id}"/></vm>'
    )


def test_cloud_init_finds_user_data(lab: RhevmRig) -> None:
    """cloud-init's data source NoCloud: a labelled medium with both files. 3.1's payload has one file and no label."""
    new = NewInstance(lab.seed_image(), user_data=b"#!/bin/sh\ntouch /tmp/made\n")
    with lab.catalog() as catalog:
        first, second = (lab.engine.state.vm(catalog.create_instance(new, "")[0].id) for _ in range(2))
    if lab.engine.version < (3, 3):
        assert (first.medium, set(first.files)) == ("floppy:", {"deltacloud-user-data.txt"})
        return
    assert first.medium == ("floppy:cidata" if lab.engine.version < (4, 0) else "cdrom:cidata")
    assert first.files["user-data"] == first.files["deltacloud-user-data.txt"] == "#!/bin/sh\ntouch /tmp/made\n"
    assert first.files["meta-data"].startswith("instance-id: ")
    assert first.files["meta-data"] != second.files["meta-data"]


@pytest.mark.parametrize("user_data", [b"\x1f\x8b", b"\0"])
def test_user_data_that_is_no_text_is_refused(lab: RhevmRig, user_data: bytes) -> None:
    with lab.catalog() as catalog, pytest.raises(ValidationFailure):
        catalog.create_instance(NewInstance(lab.seed_image(), user_data=user_data), "")


def test_a_launch_of_an_unknown_image_or_realm_is_refused_by_the_engine(lab: RhevmRig) -> None:
    unknown = "0b1c2d3e-4f50-4162-8374-95a6b7c8d9e0"
    with lab.catalog() as catalog:
        with pytest.raises(ValidationFailure):
            catalog.create_instance(NewInstance(unknown), "")
        with pytest.raises(ValidationFailure):
            catalog.create_instance(NewInstance(lab.seed_image(), realm_id=unknown), "")
    assert lab.instance_ids() == set()


def test_hardware_profiles_are_two_types_with_ranges_and_instance_types(lab: RhevmRig) -> None:
    """Deltacloud's RHEV-M driver has SERVER and DESKTOP; instance types came with oVirt 3.5."""
    ranges = (
        Property("cpu", "1", "range", first="1", last="160"),
        Property("memory", "512", "range", first="512", last="2097152"),
        Property("architecture", "x86_64"),
    )
    tiny, large = lab.engine.state.instance_types
    types = [
        HardwareProfile(tiny.id, "Tiny", (Property("cpu", "1"), Property("memory", "512"), ranges[2])),
        HardwareProfile(large.id, "Large", (Property("cpu", "2"), Property("memory", "4096"), ranges[2])),
    ]
    expected = [HardwareProfile("SERVER", "SERVER", ranges), HardwareProfile("DESKTOP", "DESKTOP", ranges)]
    with lab.catalog() as catalog:
        found = list(catalog.hardware_profiles())
        assert sorted(found, key=str) == sorted(expected + (types if lab.engine.version >= (3, 5) else []), key=str)
        with lab.engine.recorded() as seen:
            assert catalog.hardware_profile("SERVER") == expected[0]
            list(catalog.hardware_profiles())
        assert seen == []


def test_a_launch_as_an_instance_type(new_lab: RhevmRig) -> None:
    large = new_lab.engine.state.instance_types[1]
    with new_lab.catalog() as catalog:
        (instance,) = catalog.create_instance(NewInstance(new_lab.seed_image()), large.id)
        assert (instance.hardware_profile_id, instance.overrides) == (large.id, ())
        assert new_lab.engine.state.vm(instance.id).memory == large.memory
        with pytest.raises(ValidationFailure, match="allows only 4096"):
            catalog.create_instance(NewInstance(new_lab.seed_image(), properties={"memory": "512"}), large.id)


def test_realms_are_clusters_with_the_state_of_their_data_center(lab: RhevmRig) -> None:
    """Deltacloud's RHEV-M driver: a realm is available while its cluster's data center is up."""
    default, iscsi, spare = (each.id for each in lab.engine.state.clusters)
    expected = [
        Realm(default, "Default", "UNAVAILABLE"),
        Realm(iscsi, "iscsi", "AVAILABLE"),
        Realm(spare, "spare", "UNAVAILABLE"),
    ]
    with lab.catalog() as catalog:
        with lab.engine.recorded() as seen:
            assert list(catalog.realms()) == expected
        assert seen == ["GET /datacenters?search=", "GET /clusters?search="]
        assert catalog.realm(iscsi) == expected[1]


def test_a_provider_may_be_one_data_center(lab: RhevmRig) -> None:
    """A name with a blank in it is quoted for the engine's search."""
    here, spare = lab.seed_instance(), lab.engine.state.clusters[2]
    there = lab.seed_instance()
    lab.engine.state.vm(there).cluster = spare
    with lab.catalog(lab.make_driver(datacenter="no storage")) as catalog, lab.engine.recorded() as seen:
        assert [instance.id for instance in catalog.instances(InstanceFilter())] == [there]
        assert [realm.id for realm in catalog.realms()] == [spare.id]
    assert 'GET /clusters?search=datacenter="no storage"' in seen
    with lab.catalog(lab.make_driver(datacenter="iscsi")) as catalog:
        assert [instance.id for instance in catalog.instances(InstanceFilter())] == [here]


def test_a_data_center_is_not_another_one_whose_name_holds_its_name(lab: RhevmRig) -> None:
    """The engine's search for ``DC1`` also finds what is in ``DC10``."""
    state = lab.engine.state
    for name in ("DC1", "DC10"):
        state.datacenters.append(DataCenter(name))
        state.clusters.append(Cluster(f"cluster of {name}", state.datacenters[-1]))
    vm_id, other = lab.seed_instance(), lab.seed_instance()
    for each, cluster in ((vm_id, state.clusters[-2]), (other, state.clusters[-1])):
        state.vm(each).cluster = state.template(state.vm(each).template_id).cluster = cluster
    with lab.catalog(lab.make_driver(datacenter="DC1")) as catalog:
        assert [realm.id for realm in catalog.realms()] == [state.clusters[-2].id]
        assert [instance.id for instance in catalog.instances(InstanceFilter())] == [vm_id]
        assert [image.id for image in catalog.images(ImageFilter())] == [state.vm(vm_id).template_id]


def test_a_data_center_that_is_not_there_is_the_operators_mistake(lab: RhevmRig) -> None:
    lab.seed_instance()
    with (
        lab.catalog(lab.make_driver(datacenter="DC2")) as catalog,
        pytest.raises(ProviderError, match="no data center 'DC2'"),
    ):
        list(catalog.instances(InstanceFilter()))


def test_an_instance_that_went_while_it_was_listed_is_no_error(old_lab: RhevmRig) -> None:
    vm_id = old_lab.seed_instance()
    with old_lab.catalog() as catalog:
        catalog.instance(vm_id)
        old_lab.engine.state.vms.clear()
        with pytest.raises(ObjectNotFound, match=f"Instance '{vm_id}' was not found"):
            catalog.instance(vm_id)
