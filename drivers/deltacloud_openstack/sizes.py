"""The flavors that an account may use, as hardware profiles, and which of them fit an image."""

from collections.abc import Iterable, Mapping
from typing import Any

from deltacloud_images.models import HardwareProfile, Property

#: How many of the sizes that fit an image are linked from it, smallest first. All are in ``hardware_profiles``.
LINKED = 10
#: Flavors do not tell theirs. This is what Deltacloud's clients, which filter by it, have always been told.
ARCHITECTURE = "x86_64"


class Sizes:
    """Flavors, smallest first. Those without a disk of their own come last: not everybody may launch them."""

    def __init__(self, flavors: Iterable[Mapping[str, Any]]) -> None:
        """``flavors`` as nova's ``flavors/detail`` tells them."""
        self._flavors = sorted(flavors, key=_size)
        self.profiles = tuple(map(_profile, self._flavors))
        self._links: dict[tuple[int, int], tuple[str, ...]] = {}

    def links(self, min_disk: int, min_ram: int) -> tuple[str, ...]:
        """The ids of the smallest sizes that fit; the same tuple for images of the same needs."""
        needs = (min_disk, min_ram)
        links = self._links.get(needs)
        if links is None:
            fitting = [str(each["id"]) for each in self._flavors if _fits(each, min_disk, min_ram)]
            links = self._links[needs] = tuple(fitting[:LINKED])
        return links


def _size(flavor: Mapping[str, Any]) -> tuple[bool, int, int, int]:
    disk = int(flavor["disk"])
    return (disk == 0, int(flavor["vcpus"]), int(flavor["ram"]), disk)


def _fits(flavor: Mapping[str, Any], min_disk: int, min_ram: int) -> bool:
    """GB and MB, as nova checks them. A flavor whose disk is 0 takes the image's own size."""
    return int(flavor["ram"]) >= min_ram and (int(flavor["disk"]) == 0 or int(flavor["disk"]) >= min_disk)


def _profile(flavor: Mapping[str, Any]) -> HardwareProfile:
    return HardwareProfile(
        id=str(flavor["id"]),
        name=str(flavor["name"]),
        properties=(
            Property("cpu", str(flavor["vcpus"])),
            Property("memory", str(flavor["ram"])),
            Property("storage", str(flavor["disk"])),
            Property("architecture", ARCHITECTURE),
        ),
    )
