"""What the simulated FGCP holds, and what its actions do with it; it knows nothing of HTTP.

Written from the shapes of recorded answers of the real service and from the parameters that its public clients send.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from threading import RLock
from typing import Any

SERVER_TYPES = (("economy", "1.0", 1, "1.7"), ("advanced", "4.0", 1, "7.5"), ("double_high", "4.0", 4, "30.0"))
#: Where a state that is told once leads.
SETTLED = {"DEPLOYING": "STOPPED", "STARTING": "RUNNING", "STOPPING": "STOPPED"}


class Refused(Exception):
    """An answer other than SUCCESS: its ``responseStatus`` and ``responseMessage``."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message


@dataclass
class Server:
    id: str
    name: str
    type: str
    image_id: str
    network_id: str
    status: str = "STOPPED"
    booted: bool = True
    nic: int = 0

    def as_xml(self, contract: str) -> dict[str, Any]:
        number = int(self.id[-4:])
        vnic = {"networkId": self.network_id, "nicNo": self.nic, "privateIp": f"192.168.{number >> 8}.{number & 255}"}
        return {
            "creator": contract,
            "diskimageId": self.image_id,
            "vdisks": None,
            "vnics": {"vnic": [vnic]},
            "vserverId": self.id,
            "vserverName": self.name,
            "vserverType": self.type,
        }


@dataclass
class System:
    id: str
    name: str
    networks: list[str]
    servers: dict[str, Server] = field(default_factory=dict)


@dataclass
class Registration:
    """An image in the making: it is listed when it has been missing from ``missing`` lists."""

    image: dict[str, str]
    missing: int = 1


class State:
    """One region with one contract, and the images that its owner offers to all."""

    contract = "CONTRACT1"

    def __init__(self) -> None:
        self.lock = RLock()
        self._numbers = count(2)
        self.images: dict[str, dict[str, str]] = {}
        self.registrations: list[Registration] = []
        self.systems: dict[str, System] = {}
        #: Servers that are destroyed, by somebody else, right after the next list that has them.
        self.vanishing: set[str] = set()
        self.add_image("FUJITSU", "CentOS 6.2 64bit(EN)", "CentOS 6.2 64bit (English)", "IMG_public_64")
        self.add_image("FUJITSU", "CentOS 5.6 32bit(EN)", "CentOS 5.6 32bit (English)", "IMG_public_32")
        for number, networks in ((1, ("DMZ", "SECURE1")), (2, ("DMZ",))):
            self.add_system(f"{self.contract}-SYS{number}", f"System {number}", networks)

    def add_image(self, owner: str, name: str, system: str, image_id: str = "", description: str = "") -> str:
        with self.lock:
            image = self._image(owner, name, system, description, image_id)
            self.images[image["diskimageId"]] = image
            return image["diskimageId"]

    def add_system(self, system_id: str, name: str, networks: tuple[str, ...]) -> System:
        system = System(system_id, name, [f"{system_id}-N-{network}" for network in networks])
        firewall = Server(f"{system_id}-S-0001", "Firewall", "firewall", "FW_IMAGE", system.networks[0], nic=4)
        system.servers[firewall.id] = firewall
        self.systems[system_id] = system
        return system

    def add_server(self, system: System, **values: Any) -> Server:
        with self.lock:
            number = next(self._numbers)
            server = Server(
                id=f"{system.id}-S-{number:04}",
                **{
                    "name": f"server{number}",
                    "type": "economy",
                    "image_id": "IMG_public_64",
                    "network_id": system.networks[0],
                    **values,
                },
            )
            system.servers[server.id] = server
            return server

    def finish_registrations(self) -> None:
        with self.lock:
            for registration in self.registrations:
                self.images[registration.image["diskimageId"]] = registration.image
            self.registrations.clear()

    def perform(self, action: str, parameters: dict[str, str], attachment: dict[str, str]) -> dict[str, Any]:
        """The content of an action's answer; raises ``Refused``."""
        known: dict[str, Callable[..., dict[str, Any]]] = {
            "ListDiskImage": self._list_images,
            "ListServerType": self._list_types,
            "ListVSYS": self._list_systems,
            "GetVSYSAttributes": lambda vsys_id: {"vsys": _attributes(self._system(vsys_id))},
            "GetVSYSConfiguration": self._configuration,
            "GetVServerStatus": self._status,
            "CreateVServer": self._create_server,
            "StartVServer": self._start,
            "StopVServer": self._stop,
            "DestroyVServer": self._destroy,
            "UnregisterDiskImage": self._unregister,
            "RegisterPrivateDiskImage": lambda: self._register(
                **{_snake(name): value for name, value in attachment.items()}
            ),
        }
        if action not in known:
            raise Refused("NOTFOUND", "API to the Version is not found.")
        with self.lock:
            try:
                return known[action](**{_snake(name): value for name, value in parameters.items()})
            except TypeError as error:
                raise Refused("VALIDATION_ERROR", f"The parameters of {action} are wrong.") from error

    def _image(self, owner: str, name: str, system: str, description: str = "", image_id: str = "") -> dict[str, str]:
        return {
            "creatorName": owner,
            "description": description,
            "diskimageId": image_id or f"IMG_{next(self._numbers):06}",
            "diskimageName": name,
            "osName": system,
            "registrant": owner,
            "size": "10.0",
        }

    def _list_images(self) -> dict[str, Any]:
        for registration in list(self.registrations):
            if registration.missing:
                registration.missing -= 1
            else:
                self.registrations.remove(registration)
                self.images[registration.image["diskimageId"]] = registration.image
        return {"diskimages": {"diskimage": list(self.images.values())}}

    def _list_types(self, disk_image_id: str) -> dict[str, Any]:
        types = [
            {
                "cpu": {"cpuArch": "IA", "cpuPerf": performance, "numOfCpu": number},
                "memory": {"memorySize": memory},
                "name": name,
            }
            for name, performance, number, memory in SERVER_TYPES
        ]
        return {"servertypes": {"servertype": types}}

    def _list_systems(self) -> dict[str, Any]:
        if not self.systems:
            return {}
        return {"vsyss": {"vsys": [_attributes(system) for system in self.systems.values()]}}

    def _configuration(self, vsys_id: str) -> dict[str, Any]:
        system = self._system(vsys_id)
        servers = [server.as_xml(self.contract) for server in system.servers.values()]
        for server_id in self.vanishing & system.servers.keys():
            del system.servers[server_id]
        vnets = [{"networkId": network} for network in system.networks]
        return {"vsys": {**_attributes(system), "vnets": {"vnet": vnets}, "vservers": {"vserver": servers}}}

    def _status(self, vsys_id: str, vserver_id: str) -> dict[str, Any]:
        server = self._system(vsys_id).servers.get(vserver_id)
        if server is None:
            raise _missing(vserver_id)
        told, server.status = server.status, SETTLED.get(server.status, server.status)
        return {"vserverStatus": told}

    def _create_server(
        self,
        vsys_id: str,
        vserver_name: str,
        vserver_type: str,
        disk_image_id: str,
        network_id: str,
    ) -> dict[str, Any]:
        system = self._system(vsys_id)
        types = [each[0] for each in SERVER_TYPES]
        values = (("networkId", network_id, system.networks), ("vserverType", vserver_type, types))
        for name, value, allowed in (*values, ("diskImageId", disk_image_id, self.images)):
            if value not in allowed:
                raise _wrong(name)
        if any(server.name == vserver_name for server in system.servers.values()):
            raise Refused("SERVER_NAME_ALREADY_EXISTS", f"The server name {vserver_name} already exists.")
        server = self.add_server(
            system,
            name=vserver_name,
            type=vserver_type,
            image_id=disk_image_id,
            network_id=network_id,
            status="DEPLOYING",
            booted=False,
        )
        return {"vserverId": server.id}

    def _start(self, vsys_id: str, vserver_id: str) -> dict[str, Any]:
        server = self._server(vsys_id, vserver_id)
        if server.status == "RUNNING":
            raise Refused("ALREADY_STARTED", "The server is already started.")
        self._change(server, "STOPPED", "STARTING")
        server.booted = True
        return {}

    def _stop(self, vsys_id: str, vserver_id: str, force: str = "false") -> dict[str, Any]:
        self._change(self._server(vsys_id, vserver_id), "RUNNING", "STOPPING")
        return {}

    def _destroy(self, vsys_id: str, vserver_id: str) -> dict[str, Any]:
        server = self._server(vsys_id, vserver_id)
        self._change(server, "STOPPED", "STOPPED")
        del self.systems[vsys_id].servers[server.id]
        return {}

    def _register(self, vserver_id: str, name: str, description: str) -> dict[str, Any]:
        server = self._server(vserver_id.partition("-S-")[0], vserver_id)
        self._change(server, "STOPPED", "STOPPED")
        if not server.booted:
            raise Refused("NEVER_BOOTED", "The server has never been booted.")
        if not 0 < len(name) <= 64:
            raise _wrong("name")
        system = self.images.get(server.image_id, {}).get("osName", "")
        self.registrations.append(Registration(self._image(self.contract, name, system, description)))
        return {}

    def _unregister(self, disk_image_id: str) -> dict[str, Any]:
        if disk_image_id not in self.images:
            raise _wrong("diskImageId")
        if self.images[disk_image_id]["registrant"] != self.contract:
            raise Refused("ACCESS_NOT_PERMIT", "User doesn't have the right of access.")
        del self.images[disk_image_id]
        return {}

    def _system(self, system_id: str) -> System:
        if system_id not in self.systems:
            raise _wrong("vsysId")
        return self.systems[system_id]

    def _server(self, system_id: str, server_id: str) -> Server:
        servers = self._system(system_id).servers
        if server_id not in servers or servers[server_id].nic:
            raise _missing(server_id)
        return servers[server_id]

    @staticmethod
    def _change(server: Server, needed: str, to: str) -> None:
        if server.status != needed:
            raise Refused("ILLEGAL_STATE", f"{server.id} is {server.status}.")
        server.status = to


def _snake(name: str) -> str:
    return re.sub("([A-Z])", lambda match: "_" + match[1].lower(), name)


def _missing(item_id: str) -> Refused:
    return Refused("RESOURCE_NOT_FOUND", f"{item_id} does not exist.")


def _wrong(name: str) -> Refused:
    return Refused("VALIDATION_ERROR", f"A wrong value is set.:[{name}]")


def _attributes(system: System) -> dict[str, Any]:
    creator = system.id.partition("-")[0]
    return {"creator": creator, "description": "", "vsysId": system.id, "vsysName": system.name}
