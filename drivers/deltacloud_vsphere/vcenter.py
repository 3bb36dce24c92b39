"""Calls of one caller to one vCenter, logins renewed where needed, and queries of the inventory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pyVmomi import vim, vmodl

from deltacloud_images.errors import ProviderError, ProviderTimeout
from deltacloud_images.kit.deadline import current
from deltacloud_images.kit.pages import Page, Restart, listed
from deltacloud_images.kit.pool import Lease
from deltacloud_images.kit.values import converted, converted_one
from deltacloud_vsphere.login import Login
from deltacloud_vsphere.rows import Row
from deltacloud_vsphere.soap import Objects, Stub, row

Result = TypeVar("Result")
#: Kinds of managed objects, each with the properties requested of it.
Wanted = Mapping[str, Sequence[str]]

_Query = vmodl.query.PropertyCollector
_KINDS: Mapping[str, type] = {
    "ClusterComputeResource": vim.ClusterComputeResource,
    "ComputeResource": vim.ComputeResource,
    "Datacenter": vim.Datacenter,
    "Datastore": vim.Datastore,
    "Folder": vim.Folder,
    "HostSystem": vim.HostSystem,
    "ResourcePool": vim.ResourcePool,
    "StoragePod": vim.StoragePod,
    "Task": vim.Task,
    "VirtualMachine": vim.VirtualMachine,
}
_ENDED = ("error", "success")
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


class VCenter:
    """The vCenter of a login. A call whose session has ended is repeated once, after another login."""

    def __init__(self, lease: Lease[Login]) -> None:
        """Log in when the first call needs it."""
        self._lease = lease

    @property
    def has_creation(self) -> bool:
        """Return whether this vCenter has the time at which a virtual machine was created."""
        return self._lease.item.has_creation

    def is_alive(self) -> None:
        """Make the smallest call that needs a session."""
        self._ask(lambda stub, _: vim.ServiceInstance("ServiceInstance", stub).CurrentTime())

    def close(self) -> None:
        """Leave the login to other requests."""
        self._lease.close()

    def call(self, machine_id: str, method: str) -> None:
        """Call a method of a virtual machine that returns nothing."""
        self._ask(lambda stub, _: getattr(vim.VirtualMachine(machine_id, stub), method)())

    def start(self, machine_id: str, method: str, **parameters: Any) -> str:
        """Start a task on a virtual machine and return the task's id."""
        task = self._ask(lambda stub, _: getattr(vim.VirtualMachine(machine_id, stub), method)(**parameters))
        if not isinstance(task, vim.Task) or not task._GetMoId():
            raise ProviderError(f"vSphere's response to {method} makes no sense: it names no task.")
        return str(task._GetMoId())

    def listed(self, wanted: Wanted, *, with_tasks: bool = False) -> Iterator[Row]:
        """Yield all objects of these kinds below the root, and the root where it is of one; one round trip a page.

        ``with_tasks`` adds the vCenter's recent tasks, whose properties are then among the wanted. Malformed objects
        are left out.
        """

        def fetch(token: str) -> Page[Row]:
            if token:
                login = self._lease.item
                objects = _collector(login.stub(), login).ContinueRetrievePropertiesEx(token)
            else:
                objects = self._ask(first)
            return Page(list(converted(objects.contents, row, "object")), objects.token)

        def first(stub: Stub, login: Login) -> Objects:
            view = _view(stub, login, [kind for kind in wanted if kind != "Task"])
            roots = [_through(view, "view"), _Query.ObjectSpec(obj=_managed(login.root))]
            if with_tasks:
                roots.append(_through(vim.TaskManager(login.services.task_manager), "recentTask"))
            try:
                return _collect(stub, login, roots, wanted)
            except vmodl.fault.ManagedObjectNotFound as error:
                if error.obj == view:  # a view lives as long as its session
                    raise vim.fault.NotAuthenticated() from error
                raise

        return listed(fetch, restart=Restart(_has_ended, lambda row: f"{row.kind} {row.id}"))

    def found(self, objects: Sequence[tuple[str, str]], wanted: Wanted) -> list[Row]:
        """Return those of these objects that exist; one round trip.

        At most one may be a virtual machine; it is left out if it lies outside of the configured datacenter.
        """

        def ask(stub: Stub, login: Login) -> list[Row]:
            if login.root[0] != "Datacenter":
                roots = [_Query.ObjectSpec(obj=_managed(each)) for each in objects]
                return _rows(_collect(stub, login, roots, wanted, missing_are_left_out=True))
            roots = [_Query.ObjectSpec(obj=_managed(each), skip=False, selectSet=_upwards()) for each in objects]
            both = {**wanted, "Datacenter": ("name",)}
            rows = _rows(_collect(stub, login, roots, both, missing_are_left_out=True))
            inside = any((row.kind, row.id) == login.root for row in rows)
            return [row for row in rows if row.kind in wanted and (inside or row.kind != "VirtualMachine")]

        return self._ask(ask)

    def settle(self, task_id: str, wait_seconds: float) -> str | None:
        """Wait so long for a task, at most half of the time left, and raise its fault if it fails.

        Returns the id of the object that it made, empty if it made none, and ``None`` if it still goes on.
        """
        waiting = current().part(min(wait_seconds, current().left() / 2))  # the rest is for the response
        pause = _FIRST_PAUSE
        while True:
            info = self._ask(lambda stub, _: vim.Task(task_id, stub).info)
            if not isinstance(info, vim.TaskInfo):
                raise ProviderError("vSphere's response makes no sense: it describes no task.")
            if info.state in _ENDED:
                break
            try:
                waiting.sleep(pause)
            except ProviderTimeout:
                current().check()
                return None
            pause = min(pause * 2, _LONGEST_PAUSE)
        if info.state == "error":
            raise info.error or ProviderError("vSphere's task failed without a reason.")
        return info.result._GetMoId() if isinstance(info.result, vim.ManagedEntity) else ""

    def _ask(self, call: Callable[[Stub, Login], Result]) -> Result:
        login = self._lease.item
        try:
            return call(login.stub(), login)
        except vim.fault.NotAuthenticated:
            login = self._lease.renew()
            return call(login.stub(), login)


def _has_ended(error: Exception) -> bool:
    return isinstance(error, vim.fault.NotAuthenticated)


def _view(stub: Stub, login: Login, kinds: Sequence[str]) -> Any:
    """Return the session's container view of these kinds; the vCenter keeps it up to date."""
    key = " ".join(kinds)
    if key not in login.views:
        manager = vim.view.ViewManager(login.services.view_manager, stub)
        view = manager.CreateContainerView(_managed(login.root), [_KINDS[kind] for kind in kinds], True)
        if not isinstance(view, vim.view.ContainerView):
            raise ProviderError("vSphere's response makes no sense: it names no view.")
        login.views[key] = view._GetMoId()
    return vim.view.ContainerView(login.views[key])


def _managed(reference: tuple[str, str]) -> Any:
    kind, managed_id = reference
    return _KINDS[kind](managed_id)


def _through(managed: Any, path: str) -> Any:
    """Return a specification of the objects that a property of an object lists, without the object itself."""
    step = _Query.TraversalSpec(type=type(managed), path=path, skip=False)
    return _Query.ObjectSpec(obj=managed, skip=True, selectSet=[step])


def _upwards() -> list[Any]:
    """Return a specification of the way from a virtual machine to all folders and datacenters above it."""
    again = _Query.SelectionSpec(name="up")
    parent = _Query.TraversalSpec(name="up", type=vim.ManagedEntity, path="parent", skip=False, selectSet=[again])
    app = _Query.TraversalSpec(type=vim.VirtualMachine, path="parentVApp", skip=False, selectSet=[again])
    return [parent, app]


def _collect(
    stub: Stub, login: Login, roots: Sequence[Any], wanted: Wanted, *, missing_are_left_out: bool = False
) -> Objects:
    properties = [_Query.PropertySpec(type=_KINDS[kind], pathSet=list(paths)) for kind, paths in wanted.items()]
    spec = _Query.FilterSpec(
        objectSet=list(roots), propSet=properties, reportMissingObjectsInResults=missing_are_left_out
    )
    objects: Objects = _collector(stub, login).RetrievePropertiesEx([spec], _Query.RetrieveOptions())
    return objects


def _collector(stub: Stub, login: Login) -> Any:
    return _Query(login.services.property_collector, stub)


def _rows(objects: Objects) -> list[Row]:
    return [converted_one(each, row, "object") for each in objects.contents]
