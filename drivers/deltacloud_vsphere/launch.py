"""How a clone differs from its template: its size, and the data for its guest system."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from pyVmomi import vim

from deltacloud_images.errors import ValidationFailure
from deltacloud_images.models import HardwareProfile

_MEMORY_STEP_MB = 4


def configuration(asked: Mapping[str, str], profile: HardwareProfile | None, user_data: bytes) -> Any:
    """Return the differences from the template as a specification; ``None`` if there are none.

    ``user_data`` becomes the guest's variable ``guestinfo.userdata``, which cloud-init's DataSourceVMware reads.
    """
    if not asked and not user_data:
        return None
    sizes = _sizes(asked, profile) if profile else {}
    return vim.vm.ConfigSpec(extraConfig=_guest_variables(user_data) if user_data else [], **sizes)


def _guest_variables(user_data: bytes) -> list[Any]:
    variables = {"guestinfo.userdata": b64encode(user_data).decode(), "guestinfo.userdata.encoding": "base64"}
    return [vim.option.OptionValue(key=key, value=value) for key, value in variables.items()]


def _sizes(asked: Mapping[str, str], profile: HardwareProfile) -> dict[str, int | None]:
    """Return the sizes; raise ``ValidationFailure`` for what the profile or the step of memory does not allow."""
    for name, value in asked.items():
        known = profile.property(name)
        if known is None or not known.allows(value) or not value.isdecimal():
            allowed = f"a whole number {known.allowed} ({known.unit})" if known else "not to be chosen on vSphere"
            raise ValidationFailure(f"hwp_{name} is '{value}', but is {allowed}.")
    memory = int(asked.get("memory", 0))
    if memory % _MEMORY_STEP_MB:
        raise ValidationFailure(f"hwp_memory is '{memory}', but is a multiple of {_MEMORY_STEP_MB} MB on vSphere.")
    return {"numCPUs": int(asked.get("cpu", 0)) or None, "memoryMB": memory or None}
