"""Finds drivers by their entry points, loads each when it is first used, and keeps one of each for the process."""

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from threading import Lock
from typing import Any

from deltacloud_images.driver import Driver
from deltacloud_images.errors import ConfigurationError, ValidationFailure
from deltacloud_images.installation import install_command
from deltacloud_images.schema import InvalidTable

ENTRY_POINT_GROUP = "deltacloud_images.drivers"


class DriverUnavailable(ConfigurationError):
    """A driver is known, but its SDK is not installed; the message names the command that installs it."""


class Registry:
    """The drivers of this process, by name."""

    def __init__(self, tables: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """``tables`` are the configuration's ``[drivers.<name>]``.

        Raises ``ConfigurationError`` where two distributions claim one name or a table is for an unknown driver.
        """
        self._tables = tables or {}
        self._entry_points = _discover()
        self._made: dict[str, Driver[Any]] = {}
        self._prepared: dict[str, Driver[Any]] = {}
        self._lock = Lock()
        for name in self._tables:
            if name not in self._entry_points:
                raise ConfigurationError(f"drivers.{name}: there is no such driver; there are {', '.join(self.names)}")

    @property
    def names(self) -> tuple[str, ...]:
        """All known drivers, sorted, whether their SDK is installed or not."""
        return tuple(sorted(self._entry_points))

    @property
    def usable_names(self) -> tuple[str, ...]:
        """The drivers that are installed with their SDK, sorted."""
        return tuple(name for name in self.names if self.problem(name) is None)

    def problem(self, name: str) -> str | None:
        """Why a known driver cannot be used, in words; ``None`` if it can."""
        try:
            missing = self.missing_modules(name)
        except (ConfigurationError, ImportError, AttributeError) as error:
            return str(error)
        return self.install_hint(name) if missing else None

    def has_table(self, name: str) -> bool:
        """Whether the operator has configured the driver."""
        return name in self._tables

    def driver_class(self, name: str) -> type[Driver[Any]]:
        """The class of a known driver; its SDK is not imported. Raises ``ValidationFailure`` for an unknown name."""
        if name not in self._entry_points:
            raise ValidationFailure(f"There is no driver '{name}'; use one of {', '.join(self.usable_names)}.")
        loaded = self._entry_points[name].load()
        if not (isinstance(loaded, type) and issubclass(loaded, Driver)):
            raise ConfigurationError(f"The entry point of driver '{name}' is not a subclass of Driver.")
        return loaded

    def missing_modules(self, name: str) -> tuple[str, ...]:
        """The modules of the driver's SDK that are not installed."""
        return tuple(module for module in self.driver_class(name).requires if find_spec(module) is None)

    def install_hint(self, name: str) -> str:
        """The command that installs the driver's SDK, or what to install where no extra has it."""
        distribution = self._entry_points[name].dist
        if distribution and name in (distribution.metadata.get_all("Provides-Extra") or ()):
            return install_command(distribution, name)
        return f"install {', '.join(self.driver_class(name).requires)}"

    def driver(self, name: str) -> Driver[Any]:
        """The driver of that name, made and prepared when it is first asked for.

        Raises ``ValidationFailure`` for an unknown name, ``DriverUnavailable`` where its SDK is missing and
        ``ConfigurationError`` for a bad table.
        """
        return self._prepared.get(name) or self._prepare(name)

    def unprepared(self, name: str) -> Driver[Any]:
        """The driver, to ask what it offers: nothing is opened. Raises as ``driver`` does."""
        driver_class = self.driver_class(name)
        if self.missing_modules(name):
            raise DriverUnavailable(f"The driver '{name}' is not installed: {self.install_hint(name)}.")
        with self._lock:
            if name not in self._made:
                table = self._tables.get(name, {})
                try:
                    self._made[name] = driver_class.from_config(table)
                except InvalidTable as error:
                    raise error.below("drivers", name) from None
            return self._made[name]

    def _prepare(self, name: str) -> Driver[Any]:
        driver = self.unprepared(name)
        with self._lock:
            if name not in self._prepared:
                driver.prepare()
                self._prepared[name] = driver
        return driver

    def close(self) -> None:
        """Let every driver log out and drop its pools."""
        with self._lock:
            drivers = list(self._prepared.values())
            self._prepared.clear()
        for driver in drivers:
            driver.close()


def _discover() -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for each in entry_points(group=ENTRY_POINT_GROUP):
        other = found.setdefault(each.name, each)
        if other.value != each.value:
            raise ConfigurationError(
                f"Two distributions claim the driver '{each.name}': {_claimant(other)} and {_claimant(each)}; "
                "uninstall one of them."
            )
    return found


def _claimant(entry_point: EntryPoint) -> str:
    return f"{entry_point.dist.name if entry_point.dist else 'unknown'} ({entry_point.value})"
