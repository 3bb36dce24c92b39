"""Machines with which the vCenter forbids something: what is offered, and what a client gets that asks anyway."""

from typing import Any

import pytest
from pyVmomi import vim

from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import Conflict, MethodNotAllowed
from deltacloud_images.models import ImageFilter, NewImage
from tests.drivers.vsphere.changes import Change, changed, with_property
from tests.drivers.vsphere.rig import VsphereRig


def disabled(machine_id: str, *methods: str) -> Change:
    names = "".join(f"<string>{each}</string>" for each in methods)
    return with_property(machine_id, "disabledMethod", f"<val>{names}</val>")


def connected(rig: VsphereRig) -> Catalog:
    return Catalog(rig.driver, rig.credentials, None)


def test_a_protected_image_has_no_link_and_stays(rig: VsphereRig) -> None:
    image, other = rig.seed_image(), rig.seed_image()
    with changed(rig, disabled(image, "PowerOnVM_Task", "Destroy_Task")), connected(rig) as catalog:
        shown = {each.id: each.destroyable for each in catalog.images(ImageFilter())}
        assert (shown[image], shown[other], catalog.image(image).destroyable) == (False, True, False)
        rig.vcsim.calls()
        with pytest.raises(Conflict, match="protected"):
            catalog.destroy_image(image, {})
        assert "Destroy_Task" not in rig.vcsim.calls()


@pytest.mark.parametrize(
    ("running", "methods", "actions"),
    [
        (False, (), ("start", "destroy")),
        (False, ("Destroy_Task",), ("start",)),
        (False, ("PowerOnVM_Task",), ("destroy",)),
        (True, ("PowerOnVM_Task", "Destroy_Task", "ShutdownGuest", "RebootGuest"), ("reboot", "stop")),
        (True, ("PowerOffVM_Task", "ShutdownGuest"), ("reboot",)),
        (True, ("ResetVM_Task", "RebootGuest"), ("stop",)),
    ],
)
def test_a_disabled_method_is_no_action(
    rig: VsphereRig, running: bool, methods: tuple[str, ...], actions: tuple[str, ...]
) -> None:
    machine = rig.seed_unimageable_instance() if running else rig.seed_instance()
    with changed(rig, disabled(machine, *methods)), connected(rig) as catalog:
        assert catalog.instance(machine).actions == actions
        listed = {each.id: each.actions for each in catalog.instances(rig.anything)}
        assert listed[machine] == actions
        for action in {"start", "stop", "reboot"} - set(actions):
            with pytest.raises(MethodNotAllowed):
                catalog.act(action, machine)


def test_a_machine_that_may_not_become_a_template_says_so(rig: VsphereRig) -> None:
    machine = rig.seed_instance()
    with changed(rig, disabled(machine, "MarkAsTemplate")), connected(rig) as catalog:
        shown = catalog.instance(machine)
        assert (shown.can_create_image, shown.image_obstacle) == (False, "The vCenter has disabled this for it.")
        with pytest.raises(Conflict, match="disabled"):
            catalog.create_image(NewImage(machine))
    assert rig.machines()[machine] is False


def test_the_vcenters_own_machines_offer_nothing(rig: VsphereRig) -> None:
    manager = vim.ext.ManagedByInfo(extensionKey="com.vmware.vim.eam", type="cluster-agent")
    machine = rig.seed_machine("vCLS-1", managedBy=manager)
    with connected(rig) as catalog:
        assert _offers(catalog, machine) == ((), False)
        with pytest.raises(Conflict, match="vCenter itself"):
            catalog.create_image(NewImage(machine._moId))
        with pytest.raises(MethodNotAllowed):
            catalog.destroy_instance(machine._moId)
    assert machine._moId in rig.instance_ids()


def test_a_machine_of_another_extension_offers_what_is_not_disabled(rig: VsphereRig) -> None:
    manager = vim.ext.ManagedByInfo(extensionKey="org.openstack.compute", type="instance")
    machine = rig.seed_machine("of nova", managedBy=manager)
    with connected(rig) as catalog:
        assert _offers(catalog, machine) == (("start", "destroy"), True)


def _offers(catalog: Catalog, machine: Any) -> tuple[tuple[str, ...], bool]:
    shown = catalog.instance(machine._moId)
    return shown.actions, shown.can_create_image
