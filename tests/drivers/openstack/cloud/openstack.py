"""The cloud as a whole: starts the services, tells keystone of them, and makes users, flavors and one image."""

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from deltacloud_images.testing import FaultProxy
from tests.drivers.openstack.cloud import configure
from tests.drivers.openstack.cloud.caller import Account, Caller
from tests.drivers.openstack.cloud.configure import ADMIN_PASSWORD, SERVICE_PASSWORD, Ports
from tests.drivers.openstack.cloud.processes import Process, free_ports

ADMIN = Account("admin", ADMIN_PASSWORD, "admin")
SERVICE = Account("service", SERVICE_PASSWORD, "service")
#: Ordinary members, each of a project of its own; the first has a default project, the second has none.
MEMBER = Account("demo", "demo-secret", "demo")
OTHER = Account("other", "other-secret", "other")
#: The one behind the Rackspace driver's tests.
RACKSPACE = Account("rackuser", "rackuser-secret", "rackuser")

#: Region -> the services that keystone's catalog has there.
REGIONS = {
    "One": ("keystone", "glance", "placement", "nova"),
    "NovaOnly": ("keystone", "nova"),
    "Networked": ("keystone", "glance", "nova", "neutron"),
}
TYPES = {"keystone": "identity", "glance": "image", "placement": "placement", "nova": "compute", "neutron": "network"}
PATHS = {"keystone": "/v3", "nova": "/v2.1"}


class OpenStack:
    """Running services. Clients reach keystone, glance and nova through ``proxies``, which tests can break."""

    def __init__(self, folder: Path) -> None:
        """Starts them: about 25 seconds, and two more minutes the first time on a machine."""
        self._folder = folder
        self.regions = tuple(REGIONS)
        ports = Ports(*free_ports(5))
        self.urls = {name: f"http://127.0.0.1:{getattr(ports, name)}" for name in TYPES}
        self.proxies = {name: FaultProxy(_address(self.urls[name])) for name in ("keystone", "glance", "nova")}
        self.public_urls = self.urls | {
            name: f"http://127.0.0.1:{proxy.address[1]}" for name, proxy in self.proxies.items()
        }
        self._processes: list[Process] = []
        configure.write(folder, ports)
        configure.databases(folder)
        self.admin = Caller(ADMIN, self.urls)
        self._start(ports)

    def caller(self, account: Account) -> Caller:
        """Plain calls as that account."""
        caller = Caller(account, self.urls)
        caller.login()
        return caller

    def stop(self) -> None:
        """End the services and remove what they wrote."""
        for proxy in self.proxies.values():
            proxy.close()
        for process in self._processes:
            process.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def slow_snapshots(self) -> Iterator[None]:
        """No new image gets its bytes while the context is open."""
        hold = self._folder / "data" / "nova" / "hold-snapshots"
        hold.touch()
        try:
            yield
        finally:
            hold.unlink()

    def expire_tokens(self, account: Account) -> None:
        """Revoke all tokens of a user, as a change of its password does, and wait until the services know."""
        stale = self.caller(account)
        user = self.admin.call("GET", "keystone", f"/v3/users?name={account.user}")["users"][0]
        self.admin.call("PATCH", "keystone", f"/v3/users/{user['id']}", {"user": {"password": account.password}})
        stale.wait_until_refused()
        self.caller(account)

    def _start(self, ports: Ports) -> None:
        try:
            keystone = self._run("application", ports.keystone, "keystone.wsgi.api")
            others = [
                self._run("network", ports.neutron),
                self._run("application", ports.glance, "glance.wsgi.api"),
                self._run("application", ports.placement, "placement.wsgi.api"),
            ]
            keystone.wait_until_up()
            self.admin.login()
            self._make_catalog()
            self._make_account(SERVICE, "admin", "service")
            for process in others:
                process.wait_until_up()
            nova = self._run("compute", ports.nova)
            for account in (MEMBER, OTHER, RACKSPACE):
                self._make_account(account, "member")
            nova.wait_until_up()
            self._make_flavors()
        except BaseException:
            self.stop()
            raise

    def _run(self, program: str, port: int, *arguments: str) -> Process:
        self._processes.append(Process(self._folder, program, port, *arguments))
        return self._processes[-1]

    def _make_catalog(self) -> None:
        services = {
            name: self.admin.call("POST", "keystone", "/v3/services", {"service": {"type": kind, "name": name}})
            for name, kind in TYPES.items()
        }
        for region, names in REGIONS.items():
            self.admin.call("PUT", "keystone", f"/v3/regions/{region}", {"region": {}}) if region != "One" else None
            for name in names:
                for interface, urls in (("public", self.public_urls), ("internal", self.urls)):
                    endpoint = {
                        "service_id": services[name]["service"]["id"],
                        "interface": interface,
                        "region_id": region,
                        "url": urls[name] + PATHS.get(name, ""),
                    }
                    self.admin.call("POST", "keystone", "/v3/endpoints", {"endpoint": endpoint})

    def _make_account(self, account: Account, *roles: str) -> None:
        admin = self.admin
        project = {"name": account.project, "domain_id": "default"}
        project_id = admin.call("POST", "keystone", "/v3/projects", {"project": project})["project"]["id"]
        user = {"name": account.user, "password": account.password, "domain_id": "default"}
        if account is not OTHER:
            user["default_project_id"] = project_id
        user_id = admin.call("POST", "keystone", "/v3/users", {"user": user})["user"]["id"]
        for role in roles:
            role_id = admin.call("GET", "keystone", f"/v3/roles?name={role}")["roles"][0]["id"]
            admin.call("PUT", "keystone", f"/v3/projects/{project_id}/users/{user_id}/roles/{role_id}")

    def _make_flavors(self) -> None:
        """Four sizes; the one without a disk can be launched by administrators only."""
        for flavor_id, name, cpus, megabytes, gigabytes in (
            ("0", "m1.diskless", 1, 64, 0),
            ("1", "m1.tiny", 1, 64, 1),
            ("2", "m1.small", 2, 128, 2),
            ("3", "m1.large", 4, 512, 8),
        ):
            flavor = {"id": flavor_id, "name": name, "vcpus": cpus, "ram": megabytes, "disk": gigabytes}
            self.admin.call("POST", "nova", "/v2.1/flavors", {"flavor": flavor})


@cache
def running() -> OpenStack:
    """The one cloud of this test run, started when it is first asked for and stopped when Python ends."""
    cloud = OpenStack(Path(tempfile.mkdtemp(prefix="deltacloud-openstack-")))
    atexit.register(cloud.stop)
    return cloud


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 0
