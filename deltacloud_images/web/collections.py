"""The collections of the API, and which of them a driver serves."""

from typing import Any

from deltacloud_images.driver import Capability, Driver
from deltacloud_images.errors import ObjectNotFound

#: Each collection with the capability that a driver needs to serve it; ``None``: every driver does.
COLLECTIONS = {
    "drivers": None,
    "hardware_profiles": Capability.HARDWARE_PROFILES,
    "images": Capability.IMAGES,
    "instance_states": Capability.INSTANCES,
    "instances": Capability.INSTANCES,
    "keys": Capability.KEYS,
    "realms": Capability.REALMS,
}


def served(driver: Driver[Any]) -> tuple[str, ...]:
    """Return the names of the collections that a driver serves."""
    return tuple(name for name, needed in COLLECTIONS.items() if needed is None or needed in driver.capabilities)


def require_collection(driver: Driver[Any], name: str) -> None:
    """Raise ``ObjectNotFound`` unless the driver serves the collection."""
    needed = COLLECTIONS[name]
    if needed is not None and needed not in driver.capabilities:
        raise ObjectNotFound(f"{driver.title} has no {name.replace('_', ' ')}.")
