"""The rig on Rackspace's front door before the real OpenStack."""

from typing import Any

from deltacloud_images.driver import Credentials
from deltacloud_images.testing import FaultProxy
from deltacloud_rackspace import RackspaceDriver
from tests.drivers.openstack.cloud import Account, OpenStack
from tests.drivers.openstack.rig import OpenStackRig
from tests.drivers.rackspace.front import Front

API_KEY = "0123456789abcdef0123456789abcdef"


class RackspaceRig(OpenStackRig):
    """One account of it; the region DFW."""

    provider = "DFW"

    def __init__(self, cloud: OpenStack, account: Account) -> None:
        self.front = Front(cloud, {account.user: (API_KEY, account)})
        self.front_proxy = FaultProxy(self.front.address)
        super().__init__(cloud, account)
        self.wrong_credentials = Credentials(account.user, API_KEY[::-1])

    def make_driver(self, **settings: Any) -> RackspaceDriver:
        region = {"identity_url": f"http://127.0.0.1:{self.front_proxy.address[1]}/v2.0", **settings}
        return RackspaceDriver.from_config({"providers": {"DFW": region, "LON": region}})

    def proxies(self) -> list[FaultProxy]:
        return [self.front_proxy, self.cloud.proxies["glance"], self.cloud.proxies["nova"]]

    def close(self) -> None:
        self.front_proxy.close()
        self.front.close()

    def _login(self) -> tuple[str, str]:
        return self.account.user, API_KEY
