"""The real OpenStack of this test run, as an administrator and as an ordinary member see it, and a scripted one."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest
from requests import PreparedRequest, Response

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Credentials, Driver
from deltacloud_images.kit.deadline import Deadline
from deltacloud_openstack import OpenStackDriver
from deltacloud_openstack.transport import TransportAdapter
from tests.drivers.openstack.cloud import OpenStack, running
from tests.drivers.openstack.cloud.openstack import ADMIN, MEMBER
from tests.drivers.openstack.responder import Answer, Responder
from tests.drivers.openstack.rig import OpenStackRig

CREDENTIALS = Credentials("user+project", "password")


class Serve(Protocol):
    """Starts a responder with a script, and connects to it; ``settings`` are the provider's."""

    def __call__(self, script: Callable[[str, str], Answer], **settings: object) -> tuple[Responder, Catalog]: ...


@pytest.fixture(scope="session")
def openstack() -> OpenStack:
    return running()


@pytest.fixture(scope="session")
def rig(openstack: OpenStack) -> OpenStackRig:
    """An ordinary member's."""
    return OpenStackRig(openstack, MEMBER)


@pytest.fixture(scope="session")
def admin_rig(openstack: OpenStack) -> OpenStackRig:
    return OpenStackRig(openstack, ADMIN)


@pytest.fixture
def catalog(rig: OpenStackRig) -> Iterator[Catalog]:
    """What the member can do in the region One."""
    with Catalog(rig.driver, rig.credentials, rig.provider) as catalog:
        yield catalog


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[PreparedRequest]:
    """Every request that leaves the driver for the cloud."""
    requests: list[PreparedRequest] = []
    send = TransportAdapter.send

    def record(adapter: TransportAdapter, request: PreparedRequest, *arguments: Any, **options: Any) -> Response:
        requests.append(request)
        return send(adapter, request, *arguments, **options)

    monkeypatch.setattr(TransportAdapter, "send", record)
    return requests


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a responder with a script, and connects to it."""
    opened: list[Catalog | Driver[Any] | Responder] = []

    def start(script: Callable[[str, str], Answer], **settings: object) -> tuple[Responder, Catalog]:
        responder = Responder(script)
        providers = {"one": {"auth_url": f"http://127.0.0.1:{responder.port}", **settings}}
        driver = OpenStackDriver.from_config({"providers": providers})
        catalog = Catalog(driver, CREDENTIALS, "one", Deadline(30))
        opened.extend((catalog, driver, responder))
        return responder, catalog

    yield start
    for each in opened:
        each.close()
