"""One mock cloud for this folder's tests."""

import pytest

from tests.drivers.mock.rig import MockRig


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> MockRig:
    return MockRig(tmp_path_factory.mktemp("mock"))
