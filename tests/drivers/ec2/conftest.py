"""One moto for this folder's tests, and one responder in front of it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from deltacloud_ec2 import EC2Driver
from deltacloud_images.catalog import Catalog
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.models import ImageFilter
from tests.drivers.ec2.front import Front
from tests.drivers.ec2.rig import EC2Rig

Connect = Callable[..., Catalog]


@pytest.fixture(scope="session")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EC2Rig]:
    rig = EC2Rig(tmp_path_factory.mktemp("moto"))
    yield rig
    rig.close()


@pytest.fixture(scope="session")
def shared_front(rig: EC2Rig) -> Iterator[Front]:
    front = Front(rig.moto.address)
    yield front
    front.close()


@pytest.fixture(scope="session")
def driver(rig: EC2Rig, shared_front: Front) -> EC2Driver:
    """A driver that knows the caller's account already."""
    driver = rig.make_driver(shared_front.url)
    with Catalog(driver, rig.credentials, rig.provider) as catalog:
        catalog.images(ImageFilter(owner_id="self"))
    return driver


@pytest.fixture
def front(driver: EC2Driver, shared_front: Front) -> Iterator[Front]:
    shared_front.forget()
    yield shared_front
    shared_front.forget()


@pytest.fixture
def connect(rig: EC2Rig, front: Front) -> Iterator[Connect]:
    """Catalogs of drivers with settings of their own."""
    catalogs = []

    def connect(seconds: float = 20, **table: Any) -> Catalog:
        driver = rig.make_driver(front.url, **table)
        catalogs.append(Catalog(driver, rig.credentials, rig.provider, Deadline(seconds)))
        return catalogs[-1]

    yield connect
    for catalog in catalogs:
        catalog.close()


@pytest.fixture
def catalog(rig: EC2Rig, driver: EC2Driver, front: Front) -> Iterator[Catalog]:
    """Through the responder, to a driver that has been used before."""
    with Catalog(driver, rig.credentials, rig.provider) as catalog:
        yield catalog
