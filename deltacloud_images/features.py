"""What a driver can do beyond the baseline, and the request parameters that this adds: part of the contract."""

from dataclasses import dataclass
from typing import Literal

from deltacloud_images.errors import ValidationFailure

ParameterKind = Literal["text", "flag", "integer", "number"]

_FLAGS = {"true": "true", "1": "true", "yes": "true", "on": "true", "false": "false", "0": "false", "no": "false"}
_MAX_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Parameter:
    """A request parameter: its name, what it means, and which values are allowed.

    A name that ends in ``*`` stands for a numbered family (``firewalls*``: ``firewalls1``, ``firewalls2`` ...). A
    ``flag`` is ``true`` or ``false``. An ``integer`` is between ``minimum`` and ``maximum``, both included. If
    ``allowed`` is not empty, it holds all values. ``default`` is what an operation assumes without the parameter, for
    the documents alone. A ``secret`` is not shown while it is typed.
    """

    name: str
    description: str
    kind: ParameterKind = "text"
    allowed: tuple[str, ...] = ()
    required: bool = False
    default: str = ""
    minimum: int = 0
    maximum: int | None = None
    secret: bool = False

    @property
    def prefix(self) -> str:
        """What the names of a family begin with; empty for a single parameter."""
        return self.name[:-1] if self.name.endswith("*") else ""

    def check(self, name: str, value: str) -> str:
        """Return a value as the operation reads it: flags as ``true`` or ``false``.

        ``name`` is the parameter's as the client wrote it. Raises ``ValidationFailure`` that says what is allowed.
        """
        if self.kind == "flag":
            if value.lower() not in _FLAGS:
                raise ValidationFailure(f"{name} is '{value}', but has to be true or false.")
            return _FLAGS[value.lower()]
        if self.kind == "integer" and not self._allows(value):
            raise ValidationFailure(f"{name} is '{value}', but has to be {self.range}.")
        if self.allowed and value not in self.allowed:
            raise ValidationFailure(f"{name} is '{value}', but has to be one of {', '.join(self.allowed)}.")
        return value

    @property
    def range(self) -> str:
        """The values of an ``integer`` in words."""
        return f"a whole number from {self.minimum} " + ("on" if self.maximum is None else f"to {self.maximum}")

    def _allows(self, value: str) -> bool:
        if not (value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS):
            return False
        return self.minimum <= int(value) and (self.maximum is None or int(value) <= self.maximum)


@dataclass(frozen=True, slots=True)
class Feature:
    """Something a driver can do beyond the baseline, as ``/api`` names it.

    ``rel`` is the operation (``index``, ``create``, ``destroy``), ``params`` the request parameters that it adds. Those
    that are no fields of ``NewImage`` or ``NewInstance`` reach the driver, checked, in ``options``.
    """

    collection: str
    name: str
    rel: str
    params: tuple[Parameter, ...] = ()


# The features that Deltacloud's clients know, with the parameters that they send for them.
OWNER_ID = Feature(
    "images", "owner_id", "index", (Parameter("owner_id", "The images' owner; self is the caller's own account."),)
)
IMAGE_NAME = Feature("images", "image_name", "create", (Parameter("name", "The new image's name."),))
IMAGE_DESCRIPTION = Feature(
    "images", "image_description", "create", (Parameter("description", "The new image's description."),)
)
USER_NAME = Feature("instances", "user_name", "create", (Parameter("name", "The new instance's name."),))
USER_DATA = Feature(
    "instances",
    "user_data",
    "create",
    (Parameter("user_data", "What the new instance is to read when it starts: Base64, or text that is not Base64."),),
)
AUTHENTICATION_KEY = Feature(
    "instances",
    "authentication_key",
    "create",
    (Parameter("keyname", "The key pair with which to log in to the new instance."),),
)
AUTHENTICATION_PASSWORD = Feature(
    "instances",
    "authentication_password",
    "create",
    (Parameter("password", "The password of the new instance's administrator.", secret=True),),
)
FIREWALLS = Feature(
    "instances",
    "firewalls",
    "create",
    (Parameter("firewalls*", "A security group of the new instance, by name or id; numbered from 1."),),
)
INSTANCE_COUNT = Feature(
    "instances",
    "instance_count",
    "create",
    (Parameter("instance_count", "How many instances to launch.", kind="integer", minimum=1, default="1"),),
)
HARDWARE_PROFILES = Feature(
    "instances",
    "hardware_profiles",
    "create",
    (
        Parameter("hwp_cpu", "The number of CPUs, within the hardware profile's range."),
        Parameter("hwp_memory", "The memory in MB, within the hardware profile's range."),
        Parameter("hwp_storage", "The disk in GB, within the hardware profile's range."),
    ),
)
REALM_FILTER = Feature("instances", "realm_filter", "index", (Parameter("realm_id", "The instances' realm."),))
