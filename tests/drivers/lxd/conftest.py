"""One LXD and one Incus for this folder's tests."""

import os
from collections.abc import Iterator

import pytest

from deltacloud_images.catalog import Catalog
from tests.drivers.lxd.products import INCUS, LXD
from tests.drivers.lxd.rig import LxdRig
from tests.drivers.lxd.server import Server, serve

#: Tests without the mark ``products`` run with LXD alone, because what they attack is the driver; with all of them on
#: Incus as well, this folder takes twice as long.
_EVERYTHING = os.environ.get("TEST_INCUS") == "all"
_ROUND = "test_the_round_of_all_actions"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the products of a test: those of its mark, or the default."""
    if "rig" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("products")
        both = _EVERYTHING or metafunc.function.__name__ == _ROUND
        names = mark.args if mark else ("lxd", "incus") if both else ("lxd",)
        chosen = [each for each in (LXD, INCUS) if each.name in names]
        metafunc.parametrize("rig", chosen, indirect=True, scope="session", ids=lambda product: product.name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which tests Incus has not seen."""
    if not _EVERYTHING:
        terminalreporter.write_line(
            "LXD driver: all its tests ran with LXD, and with Incus those that depend on the product. "
            "All of them with both: TEST_INCUS=all make test ARGS=tests/drivers/lxd"
        )


@pytest.fixture(scope="session")
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
