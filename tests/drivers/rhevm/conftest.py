"""One engine of each kind for this folder's tests: the oldest that is served, the last of 3, and one of today."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.drivers.rhevm.rig import RhevmRig

VERSIONS = {"rhevm-3.1": (3, 1), "rhevm-3.6": (3, 6), "ovirt-4.5": (4, 5)}


@pytest.fixture(scope="session", params=list(VERSIONS))
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RhevmRig]:
    """One for all tests, which fills up."""
    with closing(RhevmRig(tmp_path_factory.mktemp("rhevm"), VERSIONS[request.param])) as rig:
        yield rig


@pytest.fixture(params=list(VERSIONS))
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RhevmRig]:
    """A new one for each test, of each kind."""
    with closing(RhevmRig(tmp_path, VERSIONS[request.param])) as rig:
        yield rig


@pytest.fixture
def old_lab(tmp_path: Path) -> Iterator[RhevmRig]:
    """A new RHEV-M 3.1."""
    with closing(RhevmRig(tmp_path, (3, 1))) as rig:
        yield rig


@pytest.fixture
def new_lab(tmp_path: Path) -> Iterator[RhevmRig]:
    """A new oVirt 4.5."""
    with closing(RhevmRig(tmp_path, (4, 5))) as rig:
        yield rig
