"""Where a clone of a template goes, and how large it becomes."""

from collections.abc import Mapping, Sequence
from typing import Any

from pyVmomi import vim

from deltacloud_images.errors import Conflict, ObjectNotFound, ValidationFailure
from deltacloud_images.models import HardwareProfile
from deltacloud_vsphere import convert
from deltacloud_vsphere.rows import Row

COMPUTE: Sequence[str] = ("resourcePool", "datastore", "host")
DATACENTER: Sequence[str] = ("vmFolder", "datastore")
_MEMORY_STEP_MB = 4


def plan(template: Row, realm_id: str, inventory: Sequence[Row], size: Any) -> dict[str, Any]:
    """The ``folder`` and the ``spec`` of the clone.

    ``inventory`` holds all compute resources with ``COMPUTE`` and datacenters with ``DATACENTER``. A realm is a
    datastore or a cluster, ``ObjectNotFound`` for any other; without one the clone lies where the template does.
    """
    compute = _compute(template, realm_id, inventory)
    location = vim.vm.RelocateSpec(pool=vim.ResourcePool(compute.text("resourcePool")))
    if realm_id not in ("", compute.id):
        location.datastore = vim.Datastore(realm_id)
    folder = vim.Folder(_folder(template, compute, inventory))
    return {"folder": folder, "spec": vim.vm.CloneSpec(location=location, powerOn=True, template=False, config=size)}


def sizes(asked: Mapping[str, str], profile: HardwareProfile) -> Any:
    """The sizes that differ from the template's as a specification, or ``None``.

    Raises ``ValidationFailure`` for what the profile does not allow and for parts of a processor or of a memory step.
    """
    for name, value in asked.items():
        known = profile.property(name)
        if known is None or not known.allows(value) or not value.isdecimal():
            allowed = f"a whole number {known.allowed} ({known.unit})" if known else "not to be chosen on vSphere"
            raise ValidationFailure(f"hwp_{name} is '{value}', but is {allowed}.")
    memory = int(asked.get("memory", 0))
    if memory % _MEMORY_STEP_MB:
        raise ValidationFailure(f"hwp_memory is '{memory}', but is a multiple of {_MEMORY_STEP_MB} MB on vSphere.")
    if not asked:
        return None
    return vim.vm.ConfigSpec(numCPUs=int(asked.get("cpu", 0)) or None, memoryMB=memory or None)


def _compute(template: Row, realm_id: str, inventory: Sequence[Row]) -> Row:
    """The compute resource to clone to: the template's own, where the realm leaves a choice."""
    computes = [row for row in inventory if row.kind != "Datacenter"]
    at_home = [row for row in computes if template.text(convert.HOST) in row.texts("host")]
    if not realm_id:
        if not at_home:
            raise Conflict(f"Image '{template.id}' lies on no host: choose a realm to launch it in.")
        return at_home[0]
    for row in [*at_home, *computes]:
        if realm_id in row.texts("datastore") or (row.kind, row.id) == ("ClusterComputeResource", realm_id):
            return row
    raise ObjectNotFound(f"Realm '{realm_id}' was not found, or no host can use it.")


def _folder(template: Row, compute: Row, inventory: Sequence[Row]) -> str:
    """The template's folder, unless the clone goes to another datacenter: then the root folder there."""
    home, target = (_datacenter(row, inventory) for row in (template, compute))
    if target is None or home is target:
        return template.text(convert.FOLDER)
    return target.text("vmFolder")


def _datacenter(row: Row, inventory: Sequence[Row]) -> Row | None:
    datastores = set(row.texts("datastore"))
    datacenters = (each for each in inventory if each.kind == "Datacenter")
    return next((each for each in datacenters if datastores.intersection(each.texts("datastore"))), None)
