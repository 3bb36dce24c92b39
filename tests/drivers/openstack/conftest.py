"""The real OpenStack of this test run, as an administrator and as an ordinary member see it."""

import pytest

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
