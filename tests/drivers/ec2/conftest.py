"""One moto for this folder's tests."""

from collections.abc import Iterator

import pytest

from tests.drivers.ec2.rig import EC2Rig


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EC2Rig]:
    rig = EC2Rig(tmp_path_factory.mktemp("moto"))
    yield rig
    rig.close()
