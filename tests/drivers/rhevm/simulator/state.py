"""What an engine keeps, and when it refuses: its rules, with no word of HTTP or XML."""

from dataclasses import dataclass, field
from threading import RLock
from typing import TypeVar
from uuid import uuid4

BLANK = "00000000-0000-0000-0000-000000000000"
#: How many requests it takes until something that has been started is done.
STEPS = 2
_RUNNING = {"up", "powering_up"}
_BUSY = {"migrating", "migrating_from", "migrating_to", "not_responding", "reboot_in_progress", "wait_for_launch"}


class Refused(Exception):
    """The engine understood and will not."""


class NotFound(Exception):
    """There is no such entity."""


@dataclass
class DataCenter:
    name: str
    status: str = "up"
    id: str = field(default_factory=lambda: str(uuid4()))


@dataclass
class Cluster:
    name: str
    datacenter: DataCenter | None
    id: str = field(default_factory=lambda: str(uuid4()))


@dataclass
class InstanceType:
    name: str
    memory: int
    cores: int
    id: str = field(default_factory=lambda: str(uuid4()))


@dataclass
class Template:
    name: str
    cluster: Cluster | None
    description: str = ""
    status: str = "ok"
    created: str = "2014-05-06T07:08:09.000-05:00"
    architecture: str = "x86_64"
    version: tuple[int, str] = (1, "base version")
    memory: int = 512 * 2**20
    id: str = field(default_factory=lambda: str(uuid4()))


@dataclass
class Vm:
    name: str
    template_id: str
    cluster: Cluster
    status: str = "down"
    type: str = "server"
    memory: int = 1024 * 2**20
    sockets: int = 1
    cores: int = 1
    instance_type_id: str = ""
    files: dict[str, str] = field(default_factory=dict)
    medium: str = ""
    mac: str = "02:00:5e:00:53:01"
    ips: tuple[str, ...] = ()
    created: str = "2014-05-06T09:10:11.530-05:00"
    id: str = field(default_factory=lambda: str(uuid4()))


Thing = TypeVar("Thing", Template, Vm, Cluster)


@dataclass
class _Change:
    thing: Template | Vm
    status: str
    steps: int = STEPS


class State:
    """One engine with a data center that is up, one that is not, and a cluster in none."""

    def __init__(self) -> None:
        self.lock = RLock()
        up, down = DataCenter("iscsi"), DataCenter("no storage", "uninitialized")
        self.datacenters = [up, down]
        self.clusters = [Cluster("Default", None), Cluster("iscsi", up), Cluster("spare", down)]
        self.instance_types = [InstanceType("Tiny", 512 * 2**20, 1), InstanceType("Large", 4096 * 2**20, 2)]
        self.templates = [Template("Blank", None, "Blank template", id=BLANK)]
        self.vms: list[Vm] = []
        self._changes: list[_Change] = []

    def step(self) -> None:
        """One request has come: what is under way gets on."""
        with self.lock:
            for change in list(self._changes):
                change.steps -= 1
                if not change.steps:
                    change.thing.status = change.status
                    self._changes.remove(change)

    def template(self, template_id: str) -> Template:
        return _the(self.templates, template_id)

    def vm(self, vm_id: str) -> Vm:
        return _the(self.vms, vm_id)

    def cluster(self, cluster_id: str) -> Cluster:
        return _the(self.clusters, cluster_id)

    def add_template(self, name: str, description: str, vm_id: str) -> Template:
        vm = self.vm(vm_id)
        if vm.status != "down":
            raise Refused("Cannot create Template. VM is not down.")
        if any(each.name == name for each in self.templates):
            raise Refused("Cannot add Template. The Template name is already in use.")
        template = Template(name, vm.cluster, description, "locked", memory=vm.memory)
        self.templates.append(template)
        vm.status = "image_locked"
        self._changes += [_Change(template, "ok"), _Change(vm, "down")]
        return template

    def remove_template(self, template_id: str) -> None:
        template = self.template(template_id)
        users = ",".join(vm.name for vm in self.vms if vm.template_id == template_id)
        if users:
            raise Refused(f"Cannot delete Template. Template is being used by the following VMs: {users}.")
        if template.status == "locked":
            raise Refused("Cannot remove Template. Template's image is locked.")
        self.templates.remove(template)

    def add_vm(self, vm: Vm) -> Vm:
        if self.template(vm.template_id).status == "locked":
            raise Refused("Cannot add VM. Template's image is locked.")
        if any(each.name == vm.name for each in self.vms):
            raise Refused("Cannot add VM. The VM name is already in use.")
        vm.status = "image_locked"
        self.vms.append(vm)
        self._changes.append(_Change(vm, "down"))
        return vm

    def act(self, vm_id: str, action: str) -> None:
        """Start, shut down or reboot, where the status permits it."""
        vm = self.vm(vm_id)
        permitted, now, then = {
            "start": ({"down", "paused", "suspended"}, "powering_up", "up"),
            "shutdown": (
                _RUNNING | _BUSY,
                "powering_down",
                "down",
            ),
            "reboot": (_RUNNING, "reboot_in_progress", "up"),
        }[action]
        if vm.status not in permitted:
            raise Refused(f"Cannot {action} VM. VM is {vm.status}.")
        self._changes = [change for change in self._changes if change.thing is not vm]
        vm.status = now
        self._changes.append(_Change(vm, then))

    def remove_vm(self, vm_id: str) -> None:
        vm = self.vm(vm_id)
        if vm.status not in ("down", "image_illegal"):
            raise Refused("Cannot remove VM. VM is running.")
        self.vms.remove(vm)


def _the(things: list[Thing], sought: str) -> Thing:
    for each in things:
        if each.id == sought:
            return each
    raise NotFound(sought)
