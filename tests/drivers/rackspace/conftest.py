"""Rackspace's front door before the real OpenStack of this test run."""

from collections.abc import Iterator

import pytest

from tests.drivers.openstack.cloud import running
from tests.drivers.openstack.cloud.openstack import RACKSPACE
from tests.drivers.rackspace.rig import RackspaceRig


@pytest.fixture(scope="session")
def rig() -> Iterator[RackspaceRig]:
    rig = RackspaceRig(running(), RACKSPACE)
    yield rig
    rig.close()
