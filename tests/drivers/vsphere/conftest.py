"""One simulated vCenter for this folder's tests."""

from collections.abc import Iterator

import pytest

from tests.drivers.vsphere.rig import VsphereRig


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VsphereRig]:
    with VsphereRig(tmp_path_factory.mktemp("vsphere")) as rig:
        yield rig
