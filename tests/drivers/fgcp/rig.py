"""The simulated FGCP for tests: its state is seeded and read directly, never by the driver."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar

from deltacloud_fgcp import FgcpDriver
from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Credentials, Driver, Session
from deltacloud_images.kit.deadline import Deadline, in_force
from deltacloud_images.testing import Fault, FaultProxy, Rig
from tests.drivers.fgcp.simulator import PATH, Simulator

_PASSPHRASE = "passphrase of the certificate"


class FgcpRig(Rig):
    """One region, one contract, one user with a certificate."""

    credentials = Credentials("alice", _PASSPHRASE)
    wrong_credentials = Credentials("alice", "wrong")
    owner_id = "CONTRACT1"
    provisional_image_ids = True
    impossible_faults: ClassVar[Mapping[Fault, str]] = {}
    timeout_seconds = 0.5
    unpaged = "ListDiskImage returns all images in one response"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cloud = Simulator(folder)
        self.user = self.cloud.add_user("alice")
        self.certificates = folder / "certificates"
        self.user.write_p12(self.certificates / "alice" / "UserCert.p12", _PASSPHRASE)
        proxy_to_cloud = self.cloud.client_tls(self.user.write_pem(folder / "alice.pem"))
        self.proxy = FaultProxy(
            ("127.0.0.1", int(self.cloud.server_address[1])),
            server_tls=self.cloud.server_tls(folder),
            target_tls=proxy_to_cloud,
        )
        self.driver = self.make_driver(self.cloud.url)
        self._by_proxy = self.new_proxied_driver()

    def table(self, url: str) -> dict[str, Any]:
        """The driver's table of the configuration."""
        provider = {"url": url, "ca_file": str(self.cloud.ca_file)}
        return {"certificates": str(self.certificates), "providers": {"au": provider}}

    def make_driver(self, url: str, **table: Any) -> FgcpDriver:
        return FgcpDriver.from_config({**self.table(url), **table})

    @property
    def proxy_url(self) -> str:
        return f"https://127.0.0.1:{self.proxy.address[1]}{PATH}"

    def new_proxied_driver(self) -> FgcpDriver:
        return self.make_driver(self.proxy_url)

    def catalog(self) -> Catalog:
        return Catalog(self.driver, self.credentials, self.provider)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The driver's own session, without the catalog's checks; errors are translated as the catalog does."""
        deadline = Deadline(60)
        try:
            with in_force(deadline), closing(self.driver.connect(self.credentials, "", deadline)) as session:
                yield session
        except Exception as error:
            raise self.driver.translate(error) or error from error

    def close(self) -> None:
        self.proxy.close()
        self.cloud.close()

    def seed_image(self) -> str:
        state = self.cloud.state
        return state.add_image(state.contract, "seeded & <ready>", "CentOS 6.2 64bit (English)", description="seed")

    def seed_instance(self, **values: Any) -> str:
        system = next(iter(self.cloud.state.systems.values()))
        return self.cloud.state.add_server(system, **values).id

    def remove_seeded(self) -> None:
        """Remove all servers, and all images but those of the cloud's owner."""
        state = self.cloud.state
        for system in state.systems.values():
            system.servers = {server.id: server for server in system.servers.values() if server.nic}
        state.registrations.clear()
        state.images = {key: each for key, each in state.images.items() if each["registrant"] == "FUJITSU"}

    def seed_unimageable_instance(self) -> str:
        return self.seed_instance(status="RUNNING")

    def image_ids(self) -> set[str]:
        self.cloud.state.finish_registrations()
        return set(self.cloud.state.images)

    def instance_ids(self) -> set[str]:
        systems = self.cloud.state.systems.values()
        return {server.id for system in systems for server in system.servers.values() if not server.nic}

    @contextmanager
    def broken(self, fault: Fault) -> Iterator[Driver[Any]]:
        if fault is Fault.EXPIRED:
            self.cloud.users.remove(self.user.der())
            try:
                yield self.driver
            finally:
                self.cloud.users.add(self.user.der())
        else:
            with self.proxy.broken(fault):
                yield self._by_proxy
