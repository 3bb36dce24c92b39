"""One LXD and one Incus for this folder's tests."""

from collections.abc import Iterator

import pytest

from deltacloud_images.catalog import Catalog
from tests.drivers.lxd.products import INCUS, LXD
from tests.drivers.lxd.rig import LxdRig
from tests.drivers.lxd.server import Server, serve


@pytest.fixture(scope="session", params=[LXD, INCUS], ids=lambda product: product.name)
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LxdRig]:
    rig = LxdRig(request.param, tmp_path_factory.mktemp(request.param.name))
    yield rig
    rig.close()


@pytest.fixture
def catalog(rig: LxdRig) -> Iterator[Catalog]:
    with rig.catalog() as catalog:
        yield catalog


@pytest.fixture(scope="session")
def server(rig: LxdRig, tmp_path_factory: pytest.TempPathFactory) -> Server:
    return serve(rig, tmp_path_factory.mktemp("server"))
