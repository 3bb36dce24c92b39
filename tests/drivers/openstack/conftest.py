"""The real OpenStack of this test run, as an administrator and as an ordinary member see it."""

from collections.abc import Iterator
from typing import Any

import pytest
from requests import PreparedRequest, Response

from deltacloud_images.catalog import Catalog
from deltacloud_openstack.transport import TimedAdapter
from tests.drivers.openstack.cloud import OpenStack, running
from tests.drivers.openstack.cloud.openstack import ADMIN, MEMBER
from tests.drivers.openstack.rig import OpenStackRig


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
    send = TimedAdapter.send

    def record(adapter: TimedAdapter, request: PreparedRequest, *arguments: Any, **options: Any) -> Response:
        requests.append(request)
        return send(adapter, request, *arguments, **options)

    monkeypatch.setattr(TimedAdapter, "send", record)
    return requests
