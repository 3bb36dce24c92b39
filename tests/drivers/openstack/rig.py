"""The rig on the real OpenStack: seeds and reads it with plain HTTP calls, and breaks the proxies before it."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Credentials, Driver
from deltacloud_images.testing import Fault, FaultProxy, Rig
from deltacloud_openstack import OpenStackDriver
from deltacloud_openstack.driver import NovaDriver
from tests.drivers.openstack.cloud import Account, OpenStack


class OpenStackRig(Rig):
    """The cloud as ``account`` sees it."""

    impossible_faults: ClassVar[Mapping[Fault, str]] = {}
    renews_sessions = True
    provider = "One"
    driver: NovaDriver[Any]

    def __init__(self, cloud: OpenStack, account: Account) -> None:
        self.cloud = cloud
        self.account = account
        self.credentials = Credentials(*self._login())
        self.wrong_credentials = Credentials(self.credentials.user, "wrong")
        self.caller = cloud.caller(account)
        self.owner_id = self.caller.project_id
        self.driver = self.make_driver()
        self._spare: set[str] = set()
        self._base = ""

    def make_driver(self, **settings: Any) -> NovaDriver[Any]:
        """A driver whose providers are the cloud's regions; ``settings`` are for each of them."""
        url = self.cloud.public_urls["keystone"]
        providers = {region: {"auth_url": url, "region": region, **settings} for region in self.cloud.regions}
        driver = OpenStackDriver.from_config({"providers": providers})
        driver.prepare()
        return driver

    def seed_image(self) -> str:
        """The one that the last test has left, else a new one."""
        if not self._base or not self.caller.exists("glance", f"/v2/images/{self._base}"):
            self._base = self.caller.create_image("seeded", architecture="x86_64")
        return self._base

    def seed_instance(self) -> str:
        """One that is running and idle: the last one, unless a test has stopped or destroyed it."""
        for server in self.caller.servers():
            if server["id"] in self._spare and server["status"] == "ACTIVE" and self.caller.settled(server["id"]):
                return str(server["id"])
        self._spare.add(made := self.caller.boot(self.seed_image()))
        return made

    def seed_unimageable_instance(self) -> str:
        """One in rescue: it has no image to be made of."""
        server_id = self.caller.boot(self.seed_image(), "rescued")
        self.caller.act(server_id, "rescue", {})
        assert self.caller.settled(server_id, "RESCUE")
        return server_id

    def image_ids(self) -> set[str]:
        return {image["id"] for image in self.caller.images()}

    def instance_ids(self) -> set[str]:
        return {server["id"] for server in self.caller.servers()}

    def seed_key(self) -> str:
        body = {"keypair": {"name": f"seed {time.monotonic_ns()}"}}
        name: str = self.caller.call("POST", "nova", "/v2.1/os-keypairs", body)["keypair"]["name"]
        return name

    def key_ids(self) -> set[str]:
        pairs = self.caller.call("GET", "nova", "/v2.1/os-keypairs")["keypairs"]
        return {each["keypair"]["name"] for each in pairs}

    @contextmanager
    def broken(self, fault: Fault) -> Iterator[Driver[Any]]:
        """The driver is logged in before, so that nova and glance are seen to fail, and not only keystone."""
        with Catalog(self.driver, self.credentials, self.provider) as catalog:
            catalog.verify()
        with ExitStack() as stack:
            if fault is Fault.EXPIRED:
                self.cloud.expire_tokens(self.account)
            else:
                for proxy in self.proxies():
                    stack.enter_context(proxy.broken(fault))
            yield self.driver

    def with_next_page(self, body: bytes, token: str) -> bytes | None:
        """Glance's link to the next page."""
        try:
            page = json.loads(body)
        except ValueError:
            return None
        if not isinstance(page, dict) or "images" not in page:
            return None
        return json.dumps({**page, "next": f"/v2/images?limit=1000&marker={token}"}).encode()

    def proxies(self) -> list[FaultProxy]:
        """Those before the services that the driver calls."""
        return list(self.cloud.proxies.values())

    def _login(self) -> tuple[str, str]:
        return f"{self.account.user}+{self.account.project}", self.account.password
