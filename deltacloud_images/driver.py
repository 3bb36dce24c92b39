"""The contract between the server and a cloud: what a driver's author implements.

A ``Driver`` lives as long as the process and holds settings and pools; ``connect`` returns a ``Session``, which acts
for one caller in one request. Drivers import this module, ``features``, ``models``, ``errors``, ``schema`` and ``kit``,
and nothing else of the server.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Generic, Self, TypeVar

from deltacloud_images.errors import DeltacloudError, NotSupported, not_found
from deltacloud_images.features import Feature
from deltacloud_images.key_pairs import KeySession
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.models import (
    HardwareProfile,
    Image,
    ImageFilter,
    Instance,
    InstanceFilter,
    NewImage,
    NewInstance,
    Realm,
    StateMachine,
    no_options,
)
from deltacloud_images.schema import InvalidTable, Problem, settings_from_table

Settings = TypeVar("Settings")


class Capability(StrEnum):
    """What a driver can do; each is the name of the ``Session`` method that does it."""

    IMAGES = "images"
    CREATE_IMAGE = "create_image"
    DESTROY_IMAGE = "destroy_image"
    INSTANCES = "instances"
    CREATE_INSTANCE = "create_instance"
    START_INSTANCE = "start_instance"
    STOP_INSTANCE = "stop_instance"
    REBOOT_INSTANCE = "reboot_instance"
    DESTROY_INSTANCE = "destroy_instance"
    HARDWARE_PROFILES = "hardware_profiles"
    REALMS = "realms"
    KEYS = "keys"
    CREATE_KEY = "create_key"
    DESTROY_KEY = "destroy_key"


#: What a driver needs to serve ``/api/keys``.
KEY_CAPABILITIES = frozenset({Capability.KEYS, Capability.CREATE_KEY, Capability.DESTROY_KEY})


@dataclass(frozen=True, slots=True)
class Credentials:
    """The caller's own credentials for the cloud, as HTTP Basic brought them. The password never shows in a repr."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Provider:
    """A place that the driver can reach: a region, a configured cloud. ``entrypoints``: kind -> public host or URL."""

    id: str
    entrypoints: Mapping[str, str] = field(default_factory=no_options)


class Session(KeySession, ABC):
    """One caller's view of one provider, for one request. Its methods raise what the cloud's SDK raises.

    Only the methods that the driver's ``capabilities`` name are called. The server has checked capabilities, parameters
    and hardware profiles before, puts the request's deadline in force (``kit.deadline``), applies filters again, and
    turns errors into responses by ``Driver.translate``.
    """

    @abstractmethod
    def verify(self) -> None:
        """Ask the cloud, as cheaply as it can be asked, whether the credentials hold; raise if they do not."""

    def account_id(self) -> str | None:
        """The ``owner_id`` of the caller's own images, if it is known without asking the cloud again."""
        return None

    def close(self) -> None:
        """Called once when the answer has been sent, streamed lists included. Give borrowed clients back here."""

    def images(self, wanted: ImageFilter) -> Iterable[Image]:
        """The images that match, as a stream: large lists are sent while they are fetched.

        Pass down what the cloud can filter; what comes back too much is left out by the server.
        """
        raise NotImplementedError

    def image(self, image_id: str) -> Image:
        """The image of that id, or ``ObjectNotFound`` for any text that is none."""
        raise NotImplementedError

    def create_image(self, new: NewImage) -> Image:
        """Start making an image of an instance and return it at once, in the state that it has then.

        ``ObjectNotFound`` for an unknown instance, ``Conflict`` that says which state is needed for one that cannot be
        imaged now. Never sent twice to the cloud.
        """
        raise NotImplementedError

    def destroy_image(self, image_id: str, options: Mapping[str, str]) -> None:
        """Destroy an image: ``ObjectNotFound``, ``Forbidden`` (not the caller's) or ``Conflict`` (in use) if it cannot.

        ``options`` holds the parameters of the driver's own features with ``rel`` ``destroy``.
        """
        raise NotImplementedError

    def instances(self, wanted: InstanceFilter) -> Iterable[Instance]:
        """The caller's instances that match, as a stream like ``images``."""
        raise NotImplementedError

    def instance(self, instance_id: str) -> Instance:
        """The instance of that id, or ``ObjectNotFound``."""
        raise NotImplementedError

    def create_instance(self, new: NewInstance) -> Sequence[Instance]:
        """Launch an image; one instance, or more where a feature of the driver lets the client ask for more.

        An unknown image, realm or key is ``ObjectNotFound`` or ``ValidationFailure``: the client gets 400 for either.
        """
        raise NotImplementedError

    def start_instance(self, instance_id: str) -> Instance:
        """Start a stopped instance and return it as it is then. The server has checked that its state permits it."""
        raise NotImplementedError

    def stop_instance(self, instance_id: str) -> Instance:
        """Stop a running instance, likewise."""
        raise NotImplementedError

    def reboot_instance(self, instance_id: str) -> Instance:
        """Reboot a running instance, likewise."""
        raise NotImplementedError

    def destroy_instance(self, instance_id: str) -> None:
        """Destroy an instance and its disks."""
        raise NotImplementedError

    def hardware_profiles(self) -> Sequence[HardwareProfile]:
        """All sizes, in any order; cached by the driver where the cloud is slow to tell them."""
        raise NotImplementedError

    def hardware_profile(self, profile_id: str) -> HardwareProfile:
        """The size of that id, or ``ObjectNotFound``."""
        return find_profile(self.hardware_profiles(), profile_id)

    def realms(self) -> Iterable[Realm]:
        """All realms in which an instance can be launched."""
        raise NotImplementedError

    def realm(self, realm_id: str) -> Realm:
        """The realm of that id, or ``ObjectNotFound``."""
        for realm in self.realms():
            if realm.id == realm_id:
                return realm
        raise not_found("Realm", realm_id)


def find_profile(profiles: Iterable[HardwareProfile], profile_id: str) -> HardwareProfile:
    """The profile of that id among these; raises ``ObjectNotFound``."""
    for profile in profiles:
        if profile.id == profile_id:
            return profile
    raise not_found("Hardware profile", profile_id)


class Driver(ABC, Generic[Settings]):
    """One kind of cloud: settings and pools for the whole process, safe under threads, holding no caller's state.

    ``Settings`` is the dataclass of the driver's table in the configuration.
    """

    #: How people write the cloud's name: ``EC2``.
    title: ClassVar[str]
    #: The dataclass of its table ``[drivers.<name>]``; its fields are the keys, all with defaults.
    settings_type: type[Settings]
    capabilities: ClassVar[frozenset[Capability]]
    features: ClassVar[tuple[Feature, ...]] = ()
    states: ClassVar[StateMachine]
    #: Modules that its SDK consists of. Importing the driver's package imports none of them: ``connect`` does.
    requires: ClassVar[tuple[str, ...]] = ()
    #: Whether every request is for one provider: then ``connect`` gets an allowed one, and never an empty text.
    requires_provider: ClassVar[bool] = True
    #: What HTTP Basic's user and password are on this cloud, for people.
    credential_names: ClassVar[tuple[str, str]] = ("user", "password")

    def __init__(self, settings: Settings) -> None:
        """Take the settings. Connections are opened when they are first used, after the server has forked."""
        self.settings = settings

    @classmethod
    def from_config(cls, table: Mapping[str, Any]) -> Self:
        """Return a driver from its table of the configuration.

        Raises ``ConfigurationError`` that names every bad key.
        """
        driver = cls(settings_from_table(cls.settings_type, table))
        default = driver.default_provider
        if default is not None and not driver.allows_provider(default):
            raise InvalidTable([Problem(("default_provider",), f"there is no provider '{default}'")])
        return driver

    def prepare(self) -> None:
        """Called once, before the first ``connect``: check what the settings name, without asking the cloud.

        Raises ``ConfigurationError``, so that the server fails at its start and not at its first request.
        """

    @property
    def default_provider(self) -> str | None:
        """The provider that is meant where a request names none: that of the key ``default_provider``, or the first."""
        configured: str = getattr(self.settings, "default_provider", "")
        return configured or next((each.id for each in self.providers()), None)

    def providers(self) -> Sequence[Provider]:
        """The providers to tell clients of, from the settings alone."""
        return ()

    def allows_provider(self, provider: str) -> bool:
        """Whether a request may choose it. Never one whose host the operator did not configure."""
        return any(each.id == provider for each in self.providers())

    def fixed_hardware_profiles(self) -> Sequence[HardwareProfile] | None:
        """All sizes, if the driver knows them without asking the cloud (then clients need no credentials for them)."""
        return None

    def trial_credentials(self) -> Credentials | None:
        """Credentials that everybody may know, to try the server with; ``None`` for real clouds."""
        return None

    def reset(self) -> None:
        """Bring a pretend cloud back to its first state. Raises ``NotSupported`` for a real cloud."""
        raise NotSupported(f"{self.title} is a real cloud, which is never reset.")

    @abstractmethod
    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> Session:
        """Return a session for one request. Cheap: clients and tokens are pooled behind it (``kit.pool``).

        The server has checked that the provider is an allowed one; it is empty only for drivers that do not require
        one. ``deadline`` is the request's, which is also in force whenever the session is used.
        """

    def translate(self, error: Exception) -> DeltacloudError | None:
        """Return what an error of the cloud or its SDK means, from one table; ``None`` for what is a bug of ours.

        An unknown failure of the cloud is ``ProviderError``. Errors of the kit need no translation.
        """
        return None

    def close(self) -> None:
        """Log out and drop the pools; called when the process ends."""
