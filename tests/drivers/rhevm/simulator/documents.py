"""An engine's documents: what version 3 has as attributes and nested states, version 4 has as plain elements."""

from xml.etree.ElementTree import Element, SubElement, tostring

from tests.drivers.rhevm.simulator.state import Cluster, DataCenter, InstanceType, Template, Vm

_ACTIONS = ("migrate", "shutdown", "start", "stop", "suspend", "export")


class Writer:
    """Writes the resources of an engine of some version, whose API is at ``base``."""

    def __init__(self, version: tuple[int, int], base: str) -> None:
        self.version = version
        self.base = base
        self.old = version[0] == 3

    def api(self) -> Element:
        root = Element("api")
        self._detail(SubElement(root, "product_info"), "version", major=self.version[0], minor=self.version[1])
        return root

    def datacenter(self, datacenter: DataCenter) -> Element:
        root = self._resource("data_center", "datacenters", datacenter.id, datacenter.name)
        self._status(root, datacenter.status)
        return root

    def cluster(self, cluster: Cluster) -> Element:
        root = self._resource("cluster", "clusters", cluster.id, cluster.name)
        if cluster.datacenter:
            self._link(root, "data_center", "datacenters", cluster.datacenter.id)
        self._detail(root, "version", major=self.version[0], minor=self.version[1])
        return root

    def instance_type(self, kind: InstanceType) -> Element:
        root = self._resource("instance_type", "instancetypes", kind.id, kind.name)
        self._detail(SubElement(root, "cpu"), "topology", sockets=1, cores=kind.cores)
        SubElement(root, "memory").text = str(kind.memory)
        return root

    def template(self, template: Template) -> Element:
        root = self._resource("template", "templates", template.id, template.name)
        if template.description:
            SubElement(root, "description").text = template.description
        SubElement(root, "type").text = "server"
        self._status(root, template.status)
        SubElement(root, "memory").text = str(template.memory)
        cpu = SubElement(root, "cpu")
        if self.version >= (3, 3):
            architecture = template.architecture
            SubElement(cpu, "architecture").text = architecture.upper() if self.old else architecture
        self._detail(cpu, "topology", sockets=1, cores=1)
        if template.cluster:
            self._link(root, "cluster", "clusters", template.cluster.id)
        SubElement(root, "creation_time").text = template.created
        if self.version >= (3, 5):
            version = SubElement(root, "version")
            SubElement(version, "version_number").text = str(template.version[0])
            SubElement(version, "version_name").text = template.version[1]
        return root

    def vm(self, vm: Vm, *, nics: bool, devices: bool) -> Element:
        root = self._resource("vm", "vms", vm.id, vm.name)
        actions = SubElement(root, "actions")
        for action in _ACTIONS + (("reboot",) if self.version >= (3, 4) else ()):
            SubElement(actions, "link", href=f"{self.base}/vms/{vm.id}/{action}", rel=action)
        SubElement(root, "link", href=f"{self.base}/vms/{vm.id}/nics", rel="nics")
        SubElement(root, "type").text = vm.type
        self._status(root, vm.status)
        SubElement(root, "memory").text = str(vm.memory)
        self._detail(SubElement(root, "cpu"), "topology", sockets=vm.sockets, cores=vm.cores)
        self._link(root, "cluster", "clusters", vm.cluster.id)
        self._link(root, "template", "templates", vm.template_id)
        if vm.instance_type_id:
            self._link(root, "instance_type", "instancetypes", vm.instance_type_id)
        SubElement(root, "creation_time").text = vm.created
        if self.old and vm.ips:
            ips = SubElement(SubElement(root, "guest_info"), "ips")
            for ip in vm.ips:
                SubElement(ips, "ip", address=ip)
        if nics:
            root.append(self.nics(vm))
        if devices:
            self._devices(root, vm)
        return root

    def nics(self, vm: Vm) -> Element:
        root = Element("nics")
        if vm.mac:
            nic = SubElement(root, "nic", id=f"{vm.id[:-1]}0")
            SubElement(nic, "name").text = "eth0"
            self._link(nic, "vm", "vms", vm.id)
            self._detail(nic, "mac", address=vm.mac)
            if not self.old:
                self._devices(nic, vm)
        return root

    def action(self) -> Element:
        root = Element("action")
        self._status(root, "complete")
        return root

    @staticmethod
    def fault(reason: str, detail: str) -> Element:
        root = Element("fault")
        SubElement(root, "reason").text = reason
        SubElement(root, "detail").text = f"[{detail}]"
        return root

    @staticmethod
    def collection(tag: str, items: list[Element]) -> Element:
        root = Element(tag)
        root.extend(items)
        return root

    def _devices(self, root: Element, vm: Vm) -> None:
        ips = SubElement(SubElement(SubElement(root, "reported_devices"), "reported_device"), "ips")
        for ip in vm.ips:
            self._detail(ips, "ip", address=ip)

    def _resource(self, tag: str, collection: str, its_id: str, name: str) -> Element:
        root = Element(tag, href=f"{self.base}/{collection}/{its_id}", id=its_id)
        SubElement(root, "name").text = name
        return root

    def _link(self, root: Element, tag: str, collection: str, its_id: str) -> None:
        SubElement(root, tag, href=f"{self.base}/{collection}/{its_id}", id=its_id)

    def _status(self, root: Element, status: str) -> None:
        element = SubElement(root, "status")
        (SubElement(element, "state") if self.old else element).text = status

    def _detail(self, root: Element, tag: str, **values: object) -> None:
        if self.old:
            SubElement(root, tag, {name: str(value) for name, value in values.items()})
        else:
            element = SubElement(root, tag)
            for name, value in values.items():
                SubElement(element, name).text = str(value)


def as_bytes(root: Element) -> bytes:
    document: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return document
