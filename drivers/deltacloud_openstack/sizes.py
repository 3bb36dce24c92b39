"""The flavors that an account may use, as hardware profiles, and which of them fit an image."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from deltacloud_images.kit import values
from deltacloud_images.models import HardwareProfile, Property

#: How many of the sizes that fit an image are linked from it, smallest first. All are in ``hardware_profiles``.
LINKED = 10
#: The most flavors that are kept.
MAX_FLAVORS = 10_000
#: Flavors name none. Deltacloud's clients filter by it, and were always given this one.
ARCHITECTURE = "x86_64"


@dataclass(frozen=True, slots=True)
class Flavor:
    """A size: memory in MB, disk in GB."""

    id: str
    name: str
    cpus: int
    ram: int
    disk: int


class Sizes:
    """Flavors, smallest first. Those without a disk of their own come last: not everybody may launch them."""

    def __init__(self, flavors: Iterable[Flavor]) -> None:
        """Take all flavors of the account."""
        self._flavors = sorted(flavors, key=lambda each: (each.disk == 0, each.cpus, each.ram, each.disk))
        self.profiles = tuple(map(_profile, self._flavors))
        self.links = lru_cache(256)(self._find_links)

    def has_disk(self, flavor_id: str) -> bool:
        """Whether a flavor has a disk of its own; true for an unknown one."""
        return all(each.disk for each in self._flavors if each.id == flavor_id)

    def _find_links(self, min_disk: object, min_ram: object) -> tuple[str, ...]:
        """Return the ids of the smallest flavors that fit, by nova's own rule.

        ``min_disk`` (GB) and ``min_ram`` (MB) are as the image's record has them. A flavor whose disk is 0 takes the
        image's size.
        """
        disk, ram = values.integer(min_disk), values.integer(min_ram)
        fitting = (each.id for each in self._flavors if each.ram >= ram and (not each.disk or each.disk >= disk))
        return tuple(fitting)[:LINKED]


def flavor(record: Mapping[str, Any]) -> Flavor:
    """Return a record of nova's ``flavors/detail`` as a flavor; raise ``MalformedRecord`` without id or sizes."""
    cpus, ram, disk = (values.integer(record.get(name), -1) for name in ("vcpus", "ram", "disk"))
    if min(cpus, ram, disk) < 0:
        raise values.MalformedRecord("A flavor has no sizes.")
    flavor_id = values.required(values.text(record.get("id")), str, "flavor id")
    return Flavor(flavor_id, values.text(record.get("name")) or flavor_id, cpus, ram, disk)


def _profile(each: Flavor) -> HardwareProfile:
    return HardwareProfile(
        id=each.id,
        name=each.name,
        properties=(
            Property("cpu", str(each.cpus)),
            Property("memory", str(each.ram)),
            Property("storage", str(each.disk)),
            Property("architecture", ARCHITECTURE),
        ),
    )
