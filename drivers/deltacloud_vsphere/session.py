"""The calls of one caller on one vCenter, each with a number of round trips that does not depend on the inventory."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import uuid4

from pyVmomi import vim

from deltacloud_images.driver import Session
from deltacloud_images.errors import Conflict, ValidationFailure, not_found, protected
from deltacloud_images.kit.pool import Lease
from deltacloud_images.models import (
    HardwareProfile,
    Image,
    ImageFilter,
    Instance,
    InstanceFilter,
    NewImage,
    NewInstance,
    Realm,
)
from deltacloud_vsphere import convert, launch, placement
from deltacloud_vsphere.login import Login
from deltacloud_vsphere.rows import Row
from deltacloud_vsphere.soap import is_sendable
from deltacloud_vsphere.vcenter import VCenter

_OBJECT_ID = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
_LONGEST_NAME = 80


class VsphereSession(Session):
    """One vCenter user's view of one vCenter."""

    def __init__(self, lease: Lease[Login], user: str, task_wait_seconds: float) -> None:
        """Log in when the first call needs it.

        ``task_wait_seconds`` is how long a call waits for a task of the vCenter.
        """
        self._vcenter = VCenter(lease)
        self._user = user
        self._task_wait_seconds = task_wait_seconds

    def verify(self) -> None:
        """Log in, or ask whether the login still holds."""
        self._vcenter.is_alive()

    def account_id(self) -> str:
        """Return the user's name: all visible images count as the user's own."""
        return self._user

    def close(self) -> None:
        """Leave the login to other requests."""
        self._vcenter.close()

    def images(self, wanted: ImageFilter) -> Iterator[Image]:
        """Yield the templates of all datacenters and folders. Nothing is filtered, because vCenters cannot filter."""
        vcenter = self._vcenter
        rows = vcenter.listed({"VirtualMachine": _image_properties(vcenter)})
        return (convert.image(row, self._user) for row in rows if convert.is_template(row))

    def image(self, image_id: str) -> Image:
        """Return the template of that id, or the only one of that name; raise ``Conflict`` if several have it."""
        vcenter = self._vcenter
        return convert.image(_template(vcenter, image_id, _image_properties(vcenter)), self._user)

    def create_image(self, new: NewImage) -> Image:
        """Mark the virtual machine itself as a template. It keeps its id, name and notes."""
        vcenter = self._vcenter
        known = self._instance(_instance_row(vcenter, new.instance_id, convert.INSTANCE))
        if not known.can_create_image:
            state = f"Instance '{known.id}' is {known.state}, and cannot be saved as an image"
            raise Conflict(f"{state}: {known.image_obstacle or 'it is still being made.'}")
        vcenter.call(known.id, "MarkAsTemplate")
        return convert.image(_template(vcenter, known.id, _image_properties(vcenter)), self._user)

    def destroy_image(self, image_id: str, options: Mapping[str, str]) -> None:
        """Destroy a template with its disks; raise ``ObjectNotFound`` for an ordinary virtual machine."""
        vcenter = self._vcenter
        template = _template(vcenter, image_id, convert.IMAGE_PROTECTION)
        if convert.is_protected(template):
            raise protected(image_id)
        self._run(vcenter, template, "Destroy_Task")

    def instances(self, wanted: InstanceFilter) -> Iterator[Instance]:
        """Yield the virtual machines that are not templates, then the clones of templates in progress."""
        templates, clones = set(), []
        for row in self._vcenter.listed({"VirtualMachine": convert.INSTANCE, "Task": convert.TASK}, with_tasks=True):
            if convert.is_template(row):
                templates.add(row.id)
            elif row.kind == "VirtualMachine":
                yield convert.instance(row, self._user)
            elif convert.is_clone(row) and convert.is_going_on(row):
                clones.append(row)
        yield from (convert.pending(row, self._user) for row in clones if row.text("info.entity") in templates)

    def instance(self, instance_id: str) -> Instance:
        """Return the instance of that id, or of that task's id while the vCenter remembers the task."""
        return self._instance(_instance_row(self._vcenter, instance_id, convert.INSTANCE))

    def create_instance(self, new: NewInstance) -> Sequence[Instance]:
        """Clone a template and power the clone on; ``PENDING`` if it is not finished after ``task_wait_seconds``."""
        vcenter = self._vcenter
        name = _new_name(new.name)
        template = _template(vcenter, new.image_id, convert.IMAGE_PLACE)
        profile = (new.profile or _profile(vcenter)) if new.properties else None
        config = launch.configuration(new.properties, profile, new.user_data)
        where = placement.place(template, new.realm_id, placement.Inventory(vcenter.listed(placement.INVENTORY)))
        spec = vim.vm.CloneSpec(location=where.location, powerOn=True, template=False, config=config)
        parameters = {"name": convert.escaped(name), "folder": where.folder, "spec": spec}
        task_id = vcenter.start(template.id, "CloneVM_Task", **parameters)
        made = vcenter.settle(task_id, self._task_wait_seconds)
        row = _instance_row(vcenter, made or task_id, convert.INSTANCE)
        return (replace(self._instance(row), name=name),)

    def start_instance(self, instance_id: str) -> Instance:
        """Power a machine on, or resume a suspended one."""
        return self._act(instance_id, "PowerOnVM_Task", "")

    def stop_instance(self, instance_id: str) -> Instance:
        """Have the guest system shut down, or power the machine off where no VMware Tools run."""
        return self._act(instance_id, "PowerOffVM_Task", "ShutdownGuest")

    def reboot_instance(self, instance_id: str) -> Instance:
        """Have the guest system reboot, or reset the machine where no VMware Tools run."""
        return self._act(instance_id, "ResetVM_Task", "RebootGuest")

    def destroy_instance(self, instance_id: str) -> None:
        """Destroy a virtual machine with its disks; raise ``ObjectNotFound`` for a template."""
        vcenter = self._vcenter
        self._run(vcenter, _machine(vcenter, instance_id, ()), "Destroy_Task")

    def hardware_profiles(self) -> Sequence[HardwareProfile]:
        """Return the one size, as large as the largest host."""
        return (_profile(self._vcenter),)

    def realms(self) -> Iterator[Realm]:
        """Yield datastores, datastore clusters, clusters and resource pools."""
        wanted = {
            "Datastore": convert.DATASTORE,
            "StoragePod": convert.STORAGE_POD,
            "ClusterComputeResource": convert.CLUSTER,
            "ResourcePool": convert.RESOURCE_POOL,
        }
        return map(convert.realm, filter(convert.is_realm, self._vcenter.listed(wanted)))

    def _instance(self, row: Row) -> Instance:
        return (convert.pending if row.kind == "Task" else convert.instance)(row, self._user)

    def _act(self, instance_id: str, task_method: str, guest_method: str) -> Instance:
        vcenter = self._vcenter
        row = _machine(vcenter, instance_id, (convert.TOOLS,))
        if guest_method and row.text(convert.TOOLS) == "guestToolsRunning":
            vcenter.call(row.id, guest_method)
        else:
            self._run(vcenter, row, task_method)
        return self._instance(_instance_row(vcenter, row.id, convert.INSTANCE))

    def _run(self, vcenter: VCenter, row: Row, task_method: str) -> None:
        """Start a task on a virtual machine and wait for it; raise its fault if it fails meanwhile."""
        vcenter.settle(vcenter.start(row.id, task_method), self._task_wait_seconds)


def _profile(vcenter: VCenter) -> HardwareProfile:
    return convert.hardware_profile(vcenter.listed({"HostSystem": convert.HOST_SIZE}))


def _image_properties(vcenter: VCenter) -> Sequence[str]:
    return (*convert.IMAGE, convert.CREATED) if vcenter.has_creation else convert.IMAGE


def _template(vcenter: VCenter, sought: str, wanted: Sequence[str]) -> Row:
    """Return the template of that id, else the only one of that name; one round trip for an id, three for a name."""
    rows = _machines(vcenter, sought, wanted)
    if not rows:
        names = vcenter.listed({"VirtualMachine": convert.IMAGE_NAMES})
        ids = [row.id for row in names if convert.is_template(row) and convert.name(row) == sought]
        if len(ids) > 1:
            raise Conflict(f"Several images are named '{sought}'; use one of the ids {', '.join(sorted(ids))}.")
        rows = _machines(vcenter, ids[0], wanted) if ids else []
    if not rows or not convert.is_template(rows[0]):
        raise not_found("Image", sought)
    return rows[0]


def _machines(vcenter: VCenter, machine_id: str, wanted: Sequence[str]) -> list[Row]:
    if not _OBJECT_ID.fullmatch(machine_id):
        return []
    return vcenter.found([("VirtualMachine", machine_id)], {"VirtualMachine": wanted})


def _instance_row(vcenter: VCenter, sought: str, wanted: Sequence[str]) -> Row:
    """Return the virtual machine of that id, or the one that the clone task of that id has made, else the task."""
    unknown = not_found("Instance", sought)
    if not _OBJECT_ID.fullmatch(sought):
        raise unknown
    both = vcenter.found(
        [("VirtualMachine", sought), ("Task", sought)], {"VirtualMachine": wanted, "Task": convert.TASK}
    )
    rows = {row.kind: row for row in both}
    task = rows.get("Task")
    if task and convert.is_clone(task):
        made = task.text("info.result")
        origin = _machines(vcenter, made or task.text("info.entity"), wanted)
        if origin and not made and convert.is_template(origin[0]):
            return task
        rows = {row.kind: row for row in origin}
    machine = rows.get("VirtualMachine")
    if machine is None or convert.is_template(machine):
        raise unknown
    return machine


def _machine(vcenter: VCenter, sought: str, wanted: Sequence[str]) -> Row:
    row = _instance_row(vcenter, sought, (convert.TEMPLATE, *wanted))
    if row.kind == "Task":
        raise Conflict(f"Instance '{sought}' is still being made, or could not be made.")
    return row


def _new_name(asked: str) -> str:
    """Return the requested name of a new instance, or a random one; raise ``ValidationFailure`` for an invalid one."""
    if len(asked) > _LONGEST_NAME or not is_sendable(asked):
        raise ValidationFailure(f"name has {len(asked)} characters, but up to {_LONGEST_NAME}, and none for control.")
    return asked or f"instance-{uuid4().hex[:12]}"
