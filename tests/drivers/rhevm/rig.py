"""A simulated engine for tests, behind a proxy that breaks the connection; seeded and read in its own memory."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import trustme
from lxml import etree

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Credentials, Driver
from deltacloud_images.testing import Fault, FaultProxy, Rig
from deltacloud_rhevm import RhevmDriver
from deltacloud_rhevm.engine import PAGE_SIZE
from tests.drivers.rhevm.simulator import Simulator
from tests.drivers.rhevm.simulator.state import Template, Vm


class RhevmRig(Rig):
    """An engine of some version."""

    credentials = Credentials(Simulator.user, Simulator.password)
    wrong_credentials = Credentials(Simulator.user, "wrong")
    owner_id = Simulator.user
    impossible_faults: ClassVar[Mapping[Fault, str]] = {}
    renews_sessions = True
    timeout_seconds = 0.8
    parallel_requests = 8

    def __init__(self, folder: Path, version: tuple[int, int]) -> None:
        authority = trustme.CA()
        self.ca_file = folder / "authority.pem"
        authority.cert_pem.write_to_path(self.ca_file)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(tls)
        self.engine = Simulator(version, tls)
        to_engine = ssl.create_default_context(cafile=self.ca_file)
        self.proxy = FaultProxy(self.engine.address, server_tls=tls, target_tls=to_engine)
        self.absent_actions = frozenset() if version >= (3, 4) else frozenset({"reboot"})
        self._numbers = count(1)
        self.driver = self.make_driver()

    def close(self) -> None:
        self.driver.close()
        self.proxy.close()
        self.engine.close()

    def make_driver(self, **table: Any) -> RhevmDriver:
        """A driver of its own, through the proxy; ``table`` adds to the provider's table."""
        provider = self.provider_table(**table)
        driver = RhevmDriver.from_config({"providers": {"lab": provider}})
        driver.prepare()
        return driver

    def provider_table(self, **table: Any) -> dict[str, Any]:
        url = f"https://127.0.0.1:{self.proxy.address[1]}{self.engine.base}"
        return {"url": url, "ca_file": str(self.ca_file), **table}

    def catalog(self, driver: Driver[Any] | None = None) -> Catalog:
        """As the server opens one for a request."""
        return Catalog(driver or self.driver, self.credentials, None)

    def seed_image(self, **values: Any) -> str:
        """A template in the cluster of the data center that is up."""
        name = values.pop("name", f"seed{next(self._numbers)}")
        template = Template(name, self.engine.state.clusters[1], "seeded", **values)
        self.engine.state.templates.append(template)
        return template.id

    def seed_instance(self, **values: Any) -> str:
        """A virtual machine of a template of its own, which is down where nothing else is asked for."""
        name = values.pop("name", f"vm{next(self._numbers)}")
        vm = Vm(name, values.pop("template_id", None) or self.seed_image(), self.engine.state.clusters[1], **values)
        self.engine.state.vms.append(vm)
        return vm.id

    def seed_unimageable_instance(self) -> str:
        return self.seed_instance(status="up")

    def image_ids(self) -> set[str]:
        return {each.id for each in self.engine.state.templates if each.name != "Blank"}

    def instance_ids(self) -> set[str]:
        return {each.id for each in self.engine.state.vms}

    def with_next_page(self, body: bytes, token: str) -> bytes | None:
        """A full page, of templates whose ids hold the token: the engine names no next page."""
        root = etree.fromstring(body)
        template = root.find("template")
        if root.tag != "templates" or template is None:
            return None
        for child in list(root):
            root.remove(child)
        for number in range(PAGE_SIZE):
            twin = deepcopy(template)
            twin.set("id", f"{token}-{number}")
            root.append(twin)
        return etree.tostring(root)

    @contextmanager
    def broken(self, fault: Fault) -> Iterator[Driver[Any]]:
        if fault is Fault.EXPIRED:
            self.engine.sessions.clear()
            yield self.driver
        else:
            with self.proxy.broken(fault):
                yield self.driver
