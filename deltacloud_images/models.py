"""The nouns of the API: what drivers return, what serializers write, and what a client asks for.

All are frozen and slotted. Texts are as the cloud gave them: serializers escape. Times are aware datetimes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

RootType = Literal["persistent", "transient"]
AddressType = Literal["ipv4", "ipv6", "hostname", "mac", "unavailable"]
PropertyKind = Literal["fixed", "range", "enum"]

#: The units in which Deltacloud's API counts each property of a hardware profile.
PROPERTY_UNITS = MappingProxyType({"cpu": "count", "memory": "MB", "storage": "GB", "architecture": "label"})


def no_options() -> Mapping[str, str]:
    """No parameters: an empty mapping that cannot be changed."""
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Image:
    """A machine image.

    ``state`` is upper case, as the cloud names it (``AVAILABLE``, ``PENDING``, ``ACTIVE`` ...). ``hardware_profiles``
    are the ids of the sizes to link, a short tuple; sharing one tuple among images makes lists cheap.
    ``destroyable`` is false where the cloud tells that this caller may not destroy it. ``owner_alias`` is the cloud's
    own name for a well-known owner (EC2's ``amazon``): the filter ``owner_id`` accepts it as well, no answer shows it.
    """

    id: str
    name: str = ""
    description: str = ""
    owner_id: str = ""
    architecture: str = ""
    state: str = ""
    creation_time: datetime | None = None
    hardware_profiles: tuple[str, ...] = ()
    root_type: RootType = "transient"
    destroyable: bool = True
    owner_alias: str = ""


@dataclass(frozen=True, slots=True)
class NewImage:
    """What a client asks for with ``POST /api/images``.

    ``options`` holds the parameters of the driver's own features.
    """

    instance_id: str
    name: str = ""
    description: str = ""
    options: Mapping[str, str] = field(default_factory=no_options)


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a hardware profile: ``value`` is the fixed or the default one, always as text.

    ``range`` has ``first`` and ``last`` (numbers, inclusive); ``enum`` has ``entries``.
    """

    name: str
    value: str
    kind: PropertyKind = "fixed"
    first: str = ""
    last: str = ""
    entries: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """``count``, ``MB``, ``GB`` or ``label``."""
        return PROPERTY_UNITS[self.name]

    def allows(self, value: str) -> bool:
        """Whether ``hwp_<name>=value`` may be asked for at launch."""
        try:
            number = float(value)
        except ValueError:
            return value in (self.value, *self.entries)
        if self.kind == "range":
            return float(self.first) <= number <= float(self.last)
        return any(_is_number(entry, number) for entry in (self.entries or (self.value,)))

    @property
    def allowed(self) -> str:
        """The allowed values in words, for error messages."""
        if self.kind == "range":
            return f"from {self.first} to {self.last}"
        return "one of " + ", ".join(self.entries) if self.kind == "enum" else f"only {self.value}"


def _is_number(text: str, number: float) -> bool:
    try:
        return float(text) == number
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class HardwareProfile:
    """A size that an image can be launched with. ``properties`` in the order cpu, memory, storage, architecture."""

    id: str
    name: str = ""
    properties: tuple[Property, ...] = ()

    def property(self, name: str) -> Property | None:
        """The property of that name, if the cloud tells it."""
        return next((each for each in self.properties if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Realm:
    """A region, zone, data centre or datastore. ``limit`` is empty where there is none."""

    id: str
    name: str = ""
    state: str = "AVAILABLE"
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """One address of an instance."""

    address: str
    type: AddressType = "ipv4"


@dataclass(frozen=True, slots=True)
class Authentication:
    """How to log in to an instance: by a key's name, or by user and password where the cloud gives them at launch."""

    keyname: str = ""
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def type(self) -> Literal["key", "password"]:
        """The API's name for the kind of login."""
        return "password" if self.password or self.username else "key"


@dataclass(frozen=True, slots=True)
class Instance:
    """A virtual machine.

    ``state`` is one of the API's, upper case: ``PENDING RUNNING STOPPING STOPPED SHUTTING_DOWN FINISHED ERROR``.
    ``actions`` are exactly those that would succeed now, of ``start stop reboot destroy``: usually
    ``driver.states.actions(state)``. ``can_create_image`` tells whether ``create_image`` would.
    ``overrides`` are the properties that differ from those of its hardware profile. ``image_obstacle`` says to people,
    where the driver knows, why no image can be made of it now: ``It has to be STOPPED.``
    """

    id: str
    name: str = ""
    owner_id: str = ""
    image_id: str = ""
    realm_id: str = ""
    state: str = ""
    hardware_profile_id: str = ""
    overrides: tuple[Property, ...] = ()
    actions: tuple[str, ...] = ()
    can_create_image: bool = False
    launch_time: datetime | None = None
    public_addresses: tuple[Address, ...] = ()
    private_addresses: tuple[Address, ...] = ()
    authentication: Authentication = Authentication()
    image_obstacle: str = ""


@dataclass(frozen=True, slots=True)
class NewInstance:
    """What a client asks for with ``POST /api/instances``.

    ``profile`` has been looked up and ``properties`` (``{"memory": "8192"}``, from ``hwp_memory``) have been checked
    against it before a driver sees them; ``user_data`` is what the instance is to read, decoded. ``options`` holds the
    parameters of the driver's own features.
    """

    image_id: str
    name: str = ""
    realm_id: str = ""
    profile: HardwareProfile | None = None
    properties: Mapping[str, str] = field(default_factory=no_options)
    keyname: str = ""
    user_data: bytes = b""
    options: Mapping[str, str] = field(default_factory=no_options)


@dataclass(frozen=True, slots=True)
class Key:
    """A key pair with whose private half one logs in to instances; its id is the name that a launch takes.

    ``fingerprint`` is the cloud's own, empty if it names none. ``pem`` is the private key, which a cloud returns only
    when it creates the pair.
    """

    id: str
    fingerprint: str = ""
    pem: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Transition:
    """A step of the state machine: by an ``action``, or by itself where ``action`` is empty. States in lower case."""

    origin: str
    to: str
    action: str = ""


class StateMachine:
    """The states of a driver's instances and what leads from one to the next, from ``start`` to ``finish``."""

    def __init__(self, *transitions: Transition) -> None:
        """``transitions`` in the order in which states and actions are to be listed."""
        self.transitions = transitions
        self.states = tuple(dict.fromkeys([each.origin for each in transitions] + [each.to for each in transitions]))
        self._actions = {
            state.upper(): tuple(each.action for each in transitions if each.origin == state and each.action)
            for state in self.states
        }

    def actions(self, state: str) -> tuple[str, ...]:
        """The actions that the state (as instances have it, upper case) permits; none for a state it does not know."""
        return self._actions.get(state, ())


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """Which images a client wants; ``None`` is any. ``name`` may hold ``*`` and ``?``; ``owner_id`` may be ``self``.

    ``options`` holds the parameters of the driver's own features, which the driver alone applies.
    """

    id: str | None = None
    name: str | None = None
    owner_id: str | None = None
    architecture: str | None = None
    state: str | None = None
    options: Mapping[str, str] = field(default_factory=no_options)

    def matches(self, image: Image) -> bool:
        """Whether the image is wanted, its owner aside where that is ``self``."""
        return (
            (self.id is None or image.id == self.id)
            and (self.owner_id is None or self.owner_id in ("self", image.owner_id, image.owner_alias))
            and (self.architecture is None or image.architecture == self.architecture)
            and (self.state is None or image.state == self.state.upper())
            and (self.name is None or wildcard(self.name).fullmatch(image.name) is not None)
        )


@dataclass(frozen=True, slots=True)
class InstanceFilter:
    """Which instances a client wants; ``None`` is any. ``owner_id`` may be ``self``."""

    id: str | None = None
    state: str | None = None
    realm_id: str | None = None
    image_id: str | None = None
    owner_id: str | None = None

    def matches(self, instance: Instance) -> bool:
        """Whether the instance is wanted, its owner aside where that is ``self``."""
        return (
            (self.id is None or instance.id == self.id)
            and (self.state is None or instance.state == self.state.upper())
            and (self.realm_id is None or instance.realm_id == self.realm_id)
            and (self.image_id is None or instance.image_id == self.image_id)
            and (self.owner_id is None or self.owner_id in ("self", instance.owner_id))
        )


@lru_cache(maxsize=64)
def wildcard(pattern: str) -> re.Pattern[str]:
    """Return a name pattern as a regular expression: ``*`` is any text, ``?`` one character, all else itself.

    Matching takes time in proportion to the lengths of name and pattern. For each ``*`` but the last, the first place
    where the following text fits is kept by an atomic group, because no later place can match more.
    """
    first, *others = (re.escape(text).replace(r"\?", ".") for text in pattern.split("*"))
    if not others:
        return re.compile(f"(?s:{first})")
    *middle, last = others
    return re.compile(f"(?s:{first}{''.join(f'(?>.*?{text})' for text in middle if text)}.*{last})")
