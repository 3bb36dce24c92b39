"""What pages show of the request around what was asked for."""

from collections.abc import Sequence
from typing import Any

from deltacloud_images.driver import Driver
from deltacloud_images.features import Parameter
from deltacloud_images.registry import Registry
from deltacloud_images.serializers import DriverEntry, EntryPoint
from deltacloud_images.web import operations
from deltacloud_images.web.call import Call
from deltacloud_images.web.collections import served

_WITH_OPTIONS = {
    (each.collection, each.rel): each
    for each in (operations.LIST_IMAGES, operations.CREATE_IMAGE, operations.DESTROY_IMAGE, operations.CREATE_INSTANCE)
}


class PageContext:
    """One request, as pages see it."""

    def __init__(self, call: Call, registry: Registry) -> None:
        """``call`` has chosen driver and provider."""
        self._call = call
        self._registry = registry

    @property
    def entry(self) -> EntryPoint:
        """The chosen driver and provider, by name."""
        return entry_point(self._call)

    @property
    def driver(self) -> Driver[Any]:
        """The chosen driver."""
        return self._call.driver

    def parameter(self, name: str) -> str:
        """Return a parameter of the request, or an empty text."""
        given = self._call.given
        return given.text(name) or given.options.get(name, "")

    def options(self, collection: str, rel: str) -> Sequence[Parameter]:
        """Return the parameters of an operation that reach the driver as options."""
        return _WITH_OPTIONS[collection, rel].options(self._call.driver)

    def drivers(self) -> Sequence[DriverEntry]:
        """Return every driver that is installed."""
        return driver_entries(self._registry)


def entry_point(call: Call) -> EntryPoint:
    """Return what the chosen driver and provider offer."""
    return EntryPoint(call.driver_name, call.provider, served(call.driver), call.driver.features)


def driver_entries(registry: Registry) -> list[DriverEntry]:
    """Return every driver that is installed."""
    return [driver_entry(registry, name) for name in registry.usable_names]


def driver_entry(registry: Registry, name: str) -> DriverEntry:
    """Return one driver that is installed."""
    driver = registry.unprepared(name)
    providers = driver.providers()
    configured = bool(providers or driver.trial_credentials() or registry.has_table(name))
    return DriverEntry(name, driver.title, providers, configured)
