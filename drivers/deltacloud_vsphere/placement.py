"""Where a clone of a template goes: folder, resource pool, host and datastore."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pyVmomi import vim

from deltacloud_images.errors import Conflict, not_found
from deltacloud_vsphere import convert
from deltacloud_vsphere.rows import Row

_COMPUTE = ("resourcePool", "datastore", "host")
_DRS = "configuration.drsConfig.enabled"
#: The objects that decide on a place, each kind with the properties that are needed.
INVENTORY: Mapping[str, Sequence[str]] = {
    "ComputeResource": _COMPUTE,
    "ClusterComputeResource": (*_COMPUTE, _DRS),
    "ResourcePool": ("owner",),
    "HostSystem": ("parent", "datastore", *convert.HOST_STATE),
    "Datastore": convert.DATASTORE,
    "StoragePod": ("childEntity",),
    "Datacenter": ("vmFolder", "datastore"),
}


class Inventory:
    """The rows of ``INVENTORY``, by kind and id."""

    def __init__(self, rows: Iterable[Row]) -> None:
        """Take the rows in any order."""
        self._kinds: dict[str, dict[str, Row]] = {}
        for row in rows:
            self._kinds.setdefault(row.kind, {})[row.id] = row

    def of(self, *kinds: str) -> list[Row]:
        """Return all objects of these kinds."""
        return [row for kind in kinds for row in self._kinds.get(kind, {}).values()]

    def get(self, kind: str, object_id: str) -> Row | None:
        """Return the object of that kind and id, if this user sees it."""
        return self._kinds.get(kind, {}).get(object_id)

    def compute(self, compute_id: str) -> Row | None:
        """Return the host or cluster of that id, if this user sees it."""
        return self.get("ClusterComputeResource", compute_id) or self.get("ComputeResource", compute_id)

    def datacenter(self, row: Row | None) -> Row | None:
        """Return the datacenter that has one of the datastores of an object."""
        datastores = set(row.texts("datastore")) if row else set()
        return next((each for each in self.of("Datacenter") if datastores.intersection(each.texts("datastore"))), None)

    def roomiest(self, datastore_ids: Iterable[str]) -> str:
        """Return the id of the datastore with the most free space that is in service; empty if there is none."""
        rows = (self.get("Datastore", each) for each in datastore_ids)
        known = [row for row in rows if row and convert.is_usable(row)]
        return max(known, key=lambda row: row.integer(convert.FREE) or 0).id if known else ""


class Placement(NamedTuple):
    """The ``folder`` and the ``location`` of a clone, as pyvmomi's objects."""

    folder: Any
    location: Any


@dataclass(frozen=True, slots=True)
class _Target:
    """A host or cluster (``None`` where this user does not see it), a resource pool, and a datastore or none."""

    compute: Row | None
    pool: str
    datastore: str = ""


def place(template: Row, realm_id: str, inventory: Inventory) -> Placement:
    """Return where a clone goes.

    A realm is a datastore, a datastore cluster, a cluster or a resource pool; without one the clone is placed where the
    template is. Raises ``ObjectNotFound`` for any other realm, and ``Conflict`` where nothing can be chosen.
    """
    chosen = _chosen(template, realm_id, inventory)
    location = vim.vm.RelocateSpec(pool=vim.ResourcePool(chosen.pool))
    if chosen.datastore:
        location.datastore = vim.Datastore(chosen.datastore)
    compute = chosen.compute
    if compute and compute.kind == "ClusterComputeResource" and compute.text(_DRS) == "false":
        location.host = vim.HostSystem(_host(template, compute, chosen.datastore, inventory))
    return Placement(vim.Folder(_folder(template, compute, inventory)), location)


def _chosen(template: Row, realm_id: str, inventory: Inventory) -> _Target:
    computes = inventory.of("ComputeResource", "ClusterComputeResource")
    computes.sort(key=lambda each: template.text(convert.HOST) not in each.texts("host"))  # the template's own first
    if not realm_id:
        if not computes or template.text(convert.HOST) not in computes[0].texts("host"):
            raise Conflict(f"Image '{template.id}' lies on no host: choose a realm to launch it in.")
        return _Target(computes[0], _pool(computes[0], inventory))
    if pool := inventory.get("ResourcePool", realm_id):
        owner = inventory.compute(pool.text("owner"))
        return _Target(owner, pool.id, _datastore(template, owner, inventory))
    if cluster := inventory.get("ClusterComputeResource", realm_id):
        return _Target(cluster, _pool(cluster, inventory), _datastore(template, cluster, inventory))
    pod = inventory.get("StoragePod", realm_id)
    wanted = set(pod.texts("childEntity") if pod else [realm_id])
    for each in computes:
        within = wanted.intersection(each.texts("datastore"))
        if datastore := inventory.roomiest(within) if pod else next(iter(within), ""):
            return _Target(each, _pool(each, inventory), datastore)
    raise not_found("Realm", realm_id)


def _pool(compute: Row, inventory: Inventory) -> str:
    """Return the root resource pool, or another one where this user does not see the root."""
    visible = [row.id for row in inventory.of("ResourcePool") if row.text("owner") == compute.id]
    root = compute.text("resourcePool")
    if root and (root in visible or not visible):
        return root
    if not visible:
        raise Conflict("There is no resource pool that this user may use: choose another realm.")
    return visible[0]


def _datastore(template: Row, compute: Row | None, inventory: Inventory) -> str:
    """Return a datastore for hosts that do not reach the template's; empty for hosts that do, or may."""
    reached = compute.texts("datastore") if compute else []
    if not reached or set(template.texts("datastore")) <= set(reached):
        return ""
    return inventory.roomiest(reached)


def _host(template: Row, cluster: Row, datastore: str, inventory: Inventory) -> str:
    """Return a host for a clone, because without DRS the vCenter chooses none (vim.vm.RelocateSpec, ``host``)."""
    needed = {datastore} if datastore else set(template.texts("datastore"))
    able = [
        row.id
        for row in inventory.of("HostSystem")
        if row.text("parent") == cluster.id and convert.is_in_service(row) and needed.issubset(row.texts("datastore"))
    ]
    if not able:
        raise Conflict("No connected host of the cluster reaches the datastore: choose another realm.")
    own = template.text(convert.HOST)
    return own if own in able else able[0]


def _folder(template: Row, compute: Row | None, inventory: Inventory) -> str:
    """Return the template's folder, or the root folder of the datacenter where the clone goes to another one."""
    home, target = inventory.datacenter(template), inventory.datacenter(compute)
    own = template.text(convert.FOLDER)
    if own and (target is None or home is target):
        return own
    if target is None or not target.text("vmFolder"):
        raise Conflict("This user sees no folder for the instance.")
    return target.text("vmFolder")
