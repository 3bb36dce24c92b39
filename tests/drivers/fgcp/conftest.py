"""One simulated FGCP for this folder's tests."""

from collections.abc import Iterator

import pytest

from deltacloud_images.catalog import Catalog
from tests.drivers.fgcp.rig import FgcpRig


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FgcpRig]:
    rig = FgcpRig(tmp_path_factory.mktemp("fgcp"))
    yield rig
    rig.close()


@pytest.fixture
def catalog(rig: FgcpRig) -> Iterator[Catalog]:
    with rig.catalog() as catalog:
        yield catalog
