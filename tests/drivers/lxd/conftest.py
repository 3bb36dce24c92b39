"""One LXD for this folder's tests."""

from collections.abc import Iterator

import pytest

from deltacloud_images.catalog import Catalog
from tests.drivers.lxd.rig import LxdRig
from tests.drivers.lxd.server import Server, serve


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LxdRig]:
    rig = LxdRig(tmp_path_factory.mktemp("lxd"))
    yield rig
    rig.close()


@pytest.fixture
def catalog(rig: LxdRig) -> Iterator[Catalog]:
    with rig.catalog() as catalog:
        yield catalog


@pytest.fixture(scope="session")
def server(rig: LxdRig, tmp_path_factory: pytest.TempPathFactory) -> Server:
    return serve(rig, tmp_path_factory.mktemp("server"))
