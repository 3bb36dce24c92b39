"""Hardware profiles: their order in lists, and whether a launch may change a property of one."""

from collections.abc import Iterable, Mapping

from deltacloud_images.errors import ValidationFailure
from deltacloud_images.models import HardwareProfile


def by_size(profiles: Iterable[HardwareProfile]) -> list[HardwareProfile]:
    """Sorted by cpu, then memory; profiles that do not tell come last."""
    return sorted(profiles, key=lambda profile: (_amount(profile, "cpu"), _amount(profile, "memory")))


def _amount(profile: HardwareProfile, name: str) -> float:
    known = profile.property(name)
    return float(known.value) if known else float("inf")


def check_properties(profile: HardwareProfile, properties: Mapping[str, str]) -> None:
    """Raise ``ValidationFailure`` unless the profile allows each value, for example ``{"memory": "8192"}``."""
    for name, value in properties.items():
        known = profile.property(name)
        if known is None:
            raise ValidationFailure(f"hwp_{name} is '{value}', but hardware profile '{profile.id}' has no {name}.")
        if not known.allows(value):
            raise ValidationFailure(
                f"hwp_{name} is '{value}', but hardware profile '{profile.id}' allows {known.allowed} ({known.unit})."
            )
