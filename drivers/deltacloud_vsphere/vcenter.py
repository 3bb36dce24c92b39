"""One caller on one vCenter for the length of one verb: calls, renewed logins, and questions to the inventory."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pyVmomi import vim, vmodl

from deltacloud_vsphere.places import Lease
from deltacloud_vsphere.pool import Login
from deltacloud_vsphere.rows import Row
from deltacloud_vsphere.soap import API_6_7, Page, Stub, time_left

Answer = TypeVar("Answer")
#: Kinds of managed objects, each with the properties wanted of it.
Wanted = Mapping[str, Sequence[str]]

_Query = vmodl.query.PropertyCollector
_KINDS: Mapping[str, type] = {
    "ClusterComputeResource": vim.ClusterComputeResource,
    "ComputeResource": vim.ComputeResource,
    "Datacenter": vim.Datacenter,
    "Datastore": vim.Datastore,
    "Folder": vim.Folder,
    "HostSystem": vim.HostSystem,
    "Task": vim.Task,
    "VirtualMachine": vim.VirtualMachine,
}
_ENDED = ("error", "success")
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


class VCenter:
    """The vCenter until a deadline. A call whose session has ended is repeated once, after another login."""

    def __init__(self, lease: Lease, deadline: float) -> None:
        """``deadline`` is a time of ``time.monotonic``."""
        self._lease = lease
        self._deadline = deadline

    @property
    def tells_creation(self) -> bool:
        """Whether this vCenter tells when a VM was created."""
        return bool(self._lease.login(self._deadline).version == API_6_7)

    def is_alive(self) -> None:
        """Ask for as little as can be asked."""
        self._ask(lambda stub, _: vim.ServiceInstance("ServiceInstance", stub).CurrentTime())

    def call(self, kind: str, managed_id: str, method: str, **parameters: Any) -> Any:
        """What a method of a managed object returns."""
        return self._ask(lambda stub, _: getattr(_KINDS[kind](managed_id, stub), method)(**parameters))

    def listed(self, wanted: Wanted, *, with_tasks: bool = False) -> list[Row]:
        """All objects of these kinds below the root, and the root where it is of one; one round trip.

        ``with_tasks`` adds the vCenter's recent tasks, whose properties are then among the wanted.
        """

        def ask(stub: Stub, login: Login) -> list[Row]:
            view = self._view(stub, login, [kind for kind in wanted if kind != "Task"])
            roots = [_through(view, "view"), _Query.ObjectSpec(obj=_managed(login.root))]
            if with_tasks:
                roots.append(_through(vim.TaskManager(login.task_manager), "recentTask"))
            try:
                return _collect(stub, login, roots, wanted)
            except vmodl.fault.ManagedObjectNotFound as error:
                if error.obj == view:  # a view lives as long as its session
                    raise vim.fault.NotAuthenticated() from error
                raise

        return self._ask(ask)

    def found(self, objects: Sequence[tuple[str, str]], wanted: Wanted) -> list[Row]:
        """Those of these objects that there are; one round trip.

        At most one may be a virtual machine; it is left out if it lies outside of the configured datacenter.
        """

        def ask(stub: Stub, login: Login) -> list[Row]:
            if not self._lease.place.datacenter:
                roots = [_Query.ObjectSpec(obj=_managed(each)) for each in objects]
                return _collect(stub, login, roots, wanted, missing_are_left_out=True)
            roots = [_Query.ObjectSpec(obj=_managed(each), skip=False, selectSet=_upwards()) for each in objects]
            rows = _collect(stub, login, roots, {**wanted, "Datacenter": ("name",)}, missing_are_left_out=True)
            inside = any((row.kind, row.id) == login.root for row in rows)
            return [row for row in rows if row.kind in wanted and (inside or row.kind != "VirtualMachine")]

        return self._ask(ask)

    def settle(self, task_id: str, wait_seconds: float) -> str | None:
        """Wait so long for a task and raise its fault if it fails.

        Returns the id of the object that it made, empty if it made none, and ``None`` if it still goes on.
        """
        give_up = time.monotonic() + min(wait_seconds, time_left(self._deadline) / 2)  # the rest is for the answer
        pause = _FIRST_PAUSE
        while True:
            info = self._ask(lambda stub, _: vim.Task(task_id, stub).info)
            if info.state in _ENDED:
                break
            if time.monotonic() + pause > give_up:
                return None
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        if info.state == "error":
            raise info.error
        return info.result._GetMoId() if isinstance(info.result, vim.ManagedEntity) else ""

    def _ask(self, call: Callable[[Stub, Login], Answer]) -> Answer:
        login = self._lease.login(self._deadline)
        try:
            return call(self._stub(login), login)
        except vim.fault.NotAuthenticated:
            login = self._lease.renew(self._deadline)
            return call(self._stub(login), login)

    def _stub(self, login: Login) -> Stub:
        return Stub(self._lease.place.transport, self._deadline, login.version, login.cookie)

    def _view(self, stub: Stub, login: Login, kinds: Sequence[str]) -> Any:
        """The session's container view of these kinds; the vCenter keeps it up to date."""
        key = " ".join(kinds)
        with login.lock:
            if key not in login.views:
                manager = vim.view.ViewManager(login.view_manager, stub)
                view = manager.CreateContainerView(_managed(login.root), [_KINDS[kind] for kind in kinds], True)
                login.views[key] = view._GetMoId()
        return vim.view.ContainerView(login.views[key])


def _managed(reference: tuple[str, str]) -> Any:
    kind, managed_id = reference
    return _KINDS[kind](managed_id)


def _through(managed: Any, path: str) -> Any:
    """Not the object itself, but those that a property of it lists."""
    step = _Query.TraversalSpec(type=type(managed), path=path, skip=False)
    return _Query.ObjectSpec(obj=managed, skip=True, selectSet=[step])


def _upwards() -> list[Any]:
    """From a virtual machine to all folders and datacenters that it lies in."""
    again = _Query.SelectionSpec(name="up")
    parent = _Query.TraversalSpec(name="up", type=vim.ManagedEntity, path="parent", skip=False, selectSet=[again])
    app = _Query.TraversalSpec(type=vim.VirtualMachine, path="parentVApp", skip=False, selectSet=[again])
    return [parent, app]


def _collect(
    stub: Stub, login: Login, roots: Sequence[Any], wanted: Wanted, *, missing_are_left_out: bool = False
) -> list[Row]:
    collector = _Query(login.property_collector, stub)
    properties = [_Query.PropertySpec(type=_KINDS[kind], pathSet=list(paths)) for kind, paths in wanted.items()]
    spec = _Query.FilterSpec(
        objectSet=list(roots), propSet=properties, reportMissingObjectsInResults=missing_are_left_out
    )
    page: Page = collector.RetrievePropertiesEx([spec], _Query.RetrieveOptions())
    rows = page.rows
    while page.token:
        page = collector.ContinueRetrievePropertiesEx(page.token)
        rows += page.rows
    return rows
