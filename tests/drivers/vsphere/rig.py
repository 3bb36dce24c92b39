"""A simulated vCenter behind TLS, seeded and read with pyvmomi alone."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import trustme
from pyVmomi import vim, vmodl
from pyVmomi.SoapAdapter import SoapStubAdapter

from deltacloud_images.driver import Credentials, Driver
from deltacloud_images.models import InstanceFilter, NewInstance
from deltacloud_images.testing import Fault, FaultProxy, Rig
from deltacloud_vsphere import VsphereDriver
from tests.drivers.vsphere.vcsim import Vcsim


class VsphereRig(Rig):
    """One vCenter with two datacenters, which the driver reaches over a proxy that speaks TLS."""

    credentials = Credentials("user", "pass")
    wrong_credentials = Credentials("user", "wrong")
    owner_id = "user"
    timeout_seconds = 1.0
    renews_sessions = True
    anything = InstanceFilter()
    impossible_faults: ClassVar[Mapping[Fault, str]] = {}

    def __init__(self, folder: Path, *flags: str) -> None:
        """``flags`` are those of ``vcsim/main.go``."""
        self._flags = flags or ("-machines", "2", "-datacenters", "2", "-datastores", "2")
        self._numbers = count(1)
        self.authority = trustme.CA()
        self.ca_file = folder / "authority.pem"
        self.authority.cert_pem.write_to_path(self.ca_file)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.vcsim = stack.enter_context(Vcsim(*self._flags))
            self.proxy = stack.enter_context(FaultProxy(self.vcsim.address, server_tls=self.tls("localhost")))
            self.service = stack.enter_context(connected(self.vcsim))
            self.driver = self.new_driver()
            stack.callback(self.driver.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._stack.close()

    def tls(self, host: str) -> ssl.SSLContext:
        """How a server is that bears a certificate for this host, signed by the rig's authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(host).configure_cert(context)
        return context

    def new_driver(self, **table: Any) -> VsphereDriver:
        return VsphereDriver.from_config({"providers": {"main": self.provider_table()}} | table)

    def provider_table(self, **table: Any) -> dict[str, Any]:
        return {"host": "localhost", "port": self.proxy.address[1], "ca_file": str(self.ca_file), **table}

    def with_next_page(self, body: bytes, token: str) -> bytes | None:
        end = b"</returnval></RetrievePropertiesExResponse>"
        return body.replace(end, b"<token>%s</token>%s" % (token.encode(), end)) if end in body else None

    def seed_image(self) -> str:
        machine = self.seed_machine()
        machine.MarkAsTemplate()
        return str(machine._moId)

    def seed_instance(self) -> str:
        return str(self.seed_machine()._moId)

    def launch_of(self, image_id: str, name: str = "", realm_id: str = "", **properties: str) -> NewInstance:
        return NewInstance(
            image_id, name=name or f"launch{next(self._numbers)}", realm_id=realm_id, properties=properties
        )

    def seed_unimageable_instance(self) -> str:
        machine = self.seed_machine()
        self.wait(machine.PowerOnVM_Task())
        return str(machine._moId)

    def seed_machine(self, name: str = "", datacenter: str = "DC0", **config: Any) -> Any:
        """A new virtual machine that is powered off."""
        name = name or f"seed{next(self._numbers)}"
        compute = self.find(f"{datacenter}/host/{datacenter}_H0")
        given = {"guestId": "ubuntu64Guest", "numCPUs": 1, "memoryMB": 64, **config}
        files = vim.vm.FileInfo(vmPathName=f"[LocalDS_0] {name}")
        spec = vim.vm.ConfigSpec(name=name, files=files, **given)
        return self.wait(self.find(datacenter).vmFolder.CreateVM_Task(config=spec, pool=compute.resourcePool))

    def set_property(self, machine: Any, path: str, value: str) -> None:
        """Set anything that the vCenter tells of a virtual machine, by the simulator's own back door."""
        option = vim.option.OptionValue(key=f"SET.{path}", value=value)
        self.wait(machine.ReconfigVM_Task(vim.vm.ConfigSpec(extraConfig=[option])))

    def find(self, inventory_path: str) -> Any:
        return self.service.content.searchIndex.FindByInventoryPath(inventory_path)

    def datastore(self, datacenter: str, name: str) -> str:
        stores = self.find(datacenter).datastoreFolder.childEntity
        return next(str(store._moId) for store in stores if store.name == name)

    @staticmethod
    def wait(task: Any) -> Any:
        """The result of a task; the simulator's tasks are over at once."""
        info = task.info
        assert info.state == "success", info.error
        return info.result

    def machine(self, machine_id: str) -> Any:
        return vim.VirtualMachine(machine_id, self.service._stub)

    def machines(self) -> dict[str, bool]:
        """All virtual machines of the vCenter by id, each with whether it is a template."""
        content = self.service.content
        collector = vmodl.query.PropertyCollector
        view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
        through = collector.TraversalSpec(type=vim.view.ContainerView, path="view", skip=False)
        roots = [collector.ObjectSpec(obj=view, skip=True, selectSet=[through])]
        flag = collector.PropertySpec(type=vim.VirtualMachine, pathSet=["config.template"])
        found = content.propertyCollector.RetrieveContents([collector.FilterSpec(objectSet=roots, propSet=[flag])])
        view.Destroy()
        return {each.obj._moId: each.propSet[0].val for each in found}

    def image_ids(self) -> set[str]:
        return {key for key, is_template in self.machines().items() if is_template}

    def instance_ids(self) -> set[str]:
        return {key for key, is_template in self.machines().items() if not is_template}

    def sessions(self) -> list[str]:
        """The keys of all sessions but the rig's own, sorted."""
        manager = self.service.content.sessionManager
        return sorted(each.key for each in manager.sessionList if each.key != manager.currentSession.key)

    def end_sessions(self) -> None:
        """As if they had idled too long."""
        if keys := self.sessions():
            self.service.content.sessionManager.TerminateSession(keys)

    @contextmanager
    def before(self, vcsim: Vcsim) -> Iterator[VsphereDriver]:
        """A driver that reaches another vCenter."""
        with FaultProxy(vcsim.address, server_tls=self.tls("localhost")) as proxy:
            driver = self.new_driver(providers={"main": self.provider_table(port=proxy.address[1])})
            yield driver
            driver.close()

    @contextmanager
    def broken(self, fault: Fault) -> Iterator[Driver[Any]]:
        if fault is Fault.EXPIRED:
            self.end_sessions()
            yield self.driver
        else:
            with self.proxy.broken(fault):
                yield self.driver


@contextmanager
def connected(vcsim: Vcsim) -> Iterator[Any]:
    """The way of pyvmomi itself to the simulator, past the driver and the proxy."""
    host, port = vcsim.address
    stub = SoapStubAdapter(host=host, port=-port, version="vim.version.version9")
    service = vim.ServiceInstance("ServiceInstance", stub)
    service.content.sessionManager.Login("user", "pass")
    try:
        yield service
    finally:
        stub.DropConnections()
