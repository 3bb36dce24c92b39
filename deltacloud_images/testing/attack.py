"""What the attacks on a driver share: new drivers, hostile clouds, and calls with a deadline."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Driver
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.models import ImageFilter, InstanceFilter
from deltacloud_images.testing.exchange import Behaviour
from deltacloud_images.testing.rig import Rig

#: Calls that read; each is given an image's and an instance's id.
READS: dict[str, Callable[[Catalog, str, str], object]] = {
    "images": lambda catalog, _image, _instance: list(catalog.images(ImageFilter())),
    "image": lambda catalog, image, _instance: catalog.image(image),
    "instances": lambda catalog, _image, _instance: list(catalog.instances(InstanceFilter())),
    "instance": lambda catalog, _image, instance: catalog.instance(instance),
    "realms": lambda catalog, _image, _instance: list(catalog.realms()),
    "hardware_profiles": lambda catalog, _image, _instance: catalog.hardware_profiles(),
}


@contextmanager
def new_driver(rig: Rig) -> Iterator[Driver[Any]]:
    """A new driver with nothing pooled, which reaches the cloud through the rig's proxies."""
    driver = rig.new_proxied_driver()
    try:
        yield driver
    finally:
        driver.close()


@contextmanager
def hostile(rig: Rig, behave: Behaviour) -> Iterator[bool]:
    """Let the cloud behave so; false, with the reason declared, where there is no connection to attack."""
    proxies = rig.proxies()
    if not proxies:
        assert rig.unattackable, "a rig without proxies says why"
    with ExitStack() as stack:
        for proxy in proxies:
            stack.enter_context(proxy.hostile(behave))
        yield bool(proxies)


def connect(rig: Rig, driver: Driver[Any], deadline: Deadline, *, wrong: bool = False) -> Catalog:
    """Return a catalog of the rig's caller, or of one with wrong credentials."""
    return Catalog(driver, rig.wrong_credentials if wrong else rig.credentials, rig.provider, deadline)


def run(rig: Rig, driver: Driver[Any], call: Callable[[Catalog, str, str], object], deadline: Deadline) -> object:
    """Return what a call of the rig's caller returns, or raise its error."""
    with connect(rig, driver, deadline) as catalog:
        return call(catalog, "", "")


def verify(rig: Rig, driver: Driver[Any]) -> None:
    """Have the rig's caller log in."""
    with connect(rig, driver, Deadline(60)) as catalog:
        catalog.verify()
