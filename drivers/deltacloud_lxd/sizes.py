"""Sizes: LXD profiles as hardware profiles, and limits in LXD's notation as Deltacloud's numbers and back."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from deltacloud_images.errors import ValidationFailure
from deltacloud_images.kit import values
from deltacloud_images.models import HardwareProfile, Property

#: The profile that every project has; as a hardware profile it is the one whose properties are all ranges.
DEFAULT = "default"
MIB, GIB = 2**20, 2**30
#: What is taken for the size of a host that does not tell it to this caller: processors, bytes of memory and storage.
UNKNOWN_HOST: Mapping[str, int] = {"cpu": 1024, "memory": 64 * 1024 * GIB, "storage": 1024 * 1024 * GIB}

# LXD's suffixes of sizes: decimal, and binary.
_SUFFIXES = {"": 1, "B": 1}
_SUFFIXES |= {f"{prefix}B": 1000**power for power, prefix in enumerate(("k", "M", "G", "T", "P", "E"), 1)}
_SUFFIXES |= {f"{prefix}iB": 1024**power for power, prefix in enumerate(("K", "M", "G", "T", "P", "E"), 1)}
_SIZE = re.compile(r"([0-9]{1,18}) ?([A-Za-z]{0,3})")
_PERCENTAGE = re.compile(r"([0-9]{1,3})%")
_NUMBERS = re.compile(r"[0-9]{1,6}(-[0-9]{1,6})?(,[0-9]{1,6}(-[0-9]{1,6})?)*")


def root_disk(devices: object) -> tuple[str, Mapping[str, str]]:
    """Return the name and the keys of the device that is the root disk; ``root`` and no keys if there is none."""
    for name, device in values.mapping(devices).items():
        keys = values.strings(device)
        if keys.get("type") == "disk" and keys.get("path") == "/":
            return name, keys
    return "root", {}


def pools(profiles: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of the storage pools that the profiles' root disks are in, each once."""
    return sorted({pool for each in profiles if (pool := root_disk(each.get("devices"))[1].get("pool"))})


def hardware_profiles(profiles: Sequence[Mapping[str, Any]], host: Mapping[str, int]) -> list[HardwareProfile]:
    """Return the default size, and one for each other profile that sets a limit.

    A limit that such a profile sets is fixed; all others range up to the host's resources. ``host`` has the keys of
    ``UNKNOWN_HOST``.
    """
    return [_hardware_profile(each, host) for each in profiles if is_size(each)]


def is_size(profile: Mapping[str, Any]) -> bool:
    """Return whether a profile is offered as a hardware profile."""
    return profile["name"] == DEFAULT or bool(limits(profile.get("config"), profile.get("devices"), UNKNOWN_HOST))


def limits(config: object, devices: object, host: Mapping[str, int]) -> dict[str, str]:
    """Return the limits that a configuration sets, as ``{"cpu": "2", "memory": "512", "storage": "10"}``."""
    keys = values.strings(config)
    _, disk = root_disk(devices)
    found = {
        "cpu": _processors(keys.get("limits.cpu", "")),
        "memory": _in_units(keys.get("limits.memory", ""), host["memory"], MIB),
        "storage": _in_units(disk.get("size", ""), host["storage"], GIB),
    }
    return {name: text for name, text in found.items() if text}


def in_bytes(name: str, amount: str, unit: int) -> str:
    """Return an amount of ``unit`` bytes as LXD takes it; raise ``ValidationFailure`` that names ``hwp_<name>``."""
    try:
        return str(int(Decimal(amount) * unit))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise ValidationFailure(f"hwp_{name} has to be a number.") from error


def whole(name: str, amount: str) -> str:
    """Return a whole number as LXD takes it; raise ``ValidationFailure`` that names ``hwp_<name>``."""
    text = in_bytes(name, amount, 1)
    if Decimal(amount) != int(text):
        raise ValidationFailure(f"hwp_{name} has to be a whole number.")
    return text


def _hardware_profile(profile: Mapping[str, Any], host: Mapping[str, int]) -> HardwareProfile:
    name = profile["name"]
    most = {"cpu": host["cpu"], "memory": host["memory"] // MIB, "storage": host["storage"] // GIB}
    known = limits(profile.get("config"), profile.get("devices"), host)
    properties = [
        Property(each, known[each])
        if each in known and name != DEFAULT
        else _range(each, known.get(each, str(last)), max(last, 1))
        for each, last in most.items()
    ]
    return HardwareProfile(name, name, tuple(properties))


def _range(name: str, value: str, last: int) -> Property:
    first = min(Decimal(1), Decimal(value))
    return Property(name, value, "range", first=str(first), last=str(max(Decimal(last), Decimal(value))))


def _processors(text: str) -> str:
    """Return the number of processors of ``limits.cpu``: a number, or a set such as ``0-3,8`` that is pinned."""
    if not _NUMBERS.fullmatch(text):
        return ""
    if text.isdigit():
        return str(int(text)) if int(text) else ""
    count = 0
    for part in text.split(","):
        first, _, last = part.partition("-")
        count += max(int(last or first) - int(first) + 1, 0)
    return str(count) if count else ""


def _in_units(text: str, whole_bytes: int, unit: int) -> str:
    """Return a size such as ``512MiB`` or ``50%`` in units, with at most two decimals; empty if it is none."""
    if share := _PERCENTAGE.fullmatch(text):
        size = whole_bytes * int(share[1]) // 100
    else:
        known = _SIZE.fullmatch(text)
        if not known or known[2] not in _SUFFIXES:
            return ""
        size = int(known[1]) * _SUFFIXES[known[2]]
    amount = round(Decimal(size) / unit, 2)
    return f"{amount.normalize():f}" if amount else ""
