"""What every format can write, and the few things written that are not the API's nouns."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, Self

from deltacloud_images.driver import Driver, Provider
from deltacloud_images.features import Feature, Parameter
from deltacloud_images.models import HardwareProfile, Image, Instance, Key, Realm, StateMachine
from deltacloud_images.serializers.links import Links, path_segment

#: The version of the Deltacloud API that is served.
API_VERSION = "1.1.3"


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """What ``/api`` tells: the driver, the provider that was chosen, and the collections that the driver serves."""

    driver: str
    provider: str | None
    collections: tuple[str, ...]
    features: tuple[Feature, ...]

    def features_of(self, collection: str) -> list[Feature]:
        """The features of one collection, in the driver's order."""
        return [feature for feature in self.features if feature.collection == collection]


@dataclass(frozen=True, slots=True)
class DriverEntry:
    """One driver as ``/api/drivers`` tells of it."""

    id: str
    name: str
    providers: Sequence[Provider] = ()
    #: Whether it can be used as it is configured, as far as can be told without asking a cloud.
    configured: bool = True


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as a client sees it. ``path`` is the request's, ``provider`` the chosen one or ``default``."""

    status: int
    name: str
    message: str
    path: str
    driver: str
    provider: str
    request_id: str


@dataclass(frozen=True, slots=True)
class DocumentedOperation:
    """An operation as the documentation for people shows it; ``path`` is below the API's, ``example`` is XML."""

    method: str
    path: str
    summary: str
    collection: str
    parameters: tuple[Parameter, ...]
    needs_credentials: bool
    status: int
    example: str


class PageContext(Protocol):
    """What pages show of the request around what was asked for."""

    @property
    def entry(self) -> EntryPoint:
        """The chosen driver and provider, by name."""

    @property
    def driver(self) -> Driver[Any]:
        """The chosen driver."""

    def parameter(self, name: str) -> str:
        """Return a parameter of the request, or an empty text."""

    def options(self, collection: str, rel: str) -> Sequence[Parameter]:
        """Return the parameters of an operation that reach the driver as options."""

    def drivers(self) -> Sequence[DriverEntry]:
        """Every driver that is installed."""


class Serializer(ABC):
    """One format. Lists take iterables and give chunks of text, so that large ones stream."""

    content_type: str
    #: Headers that all answers of this format carry.
    headers: tuple[tuple[str, str], ...] = ()

    def for_request(self, context: PageContext) -> Self:
        """Return the serializer for one request; only pages differ from request to request."""
        return self

    @abstractmethod
    def welcome(self, links: Links) -> str:
        """What stands at ``/``: a pointer to the API."""

    @abstractmethod
    def entry_point(self, entry: EntryPoint, links: Links) -> str:
        """What stands at ``/api``."""

    @abstractmethod
    def drivers(self, drivers: Sequence[DriverEntry], links: Links) -> str:
        """All drivers."""

    @abstractmethod
    def driver(self, driver: DriverEntry, links: Links) -> str:
        """One driver with its providers and their entry points."""

    @abstractmethod
    def images(self, images: Iterable[Image], links: Links) -> Iterator[str]:
        """Images, one chunk each."""

    @abstractmethod
    def image(self, image: Image, links: Links) -> str:
        """One image."""

    @abstractmethod
    def instances(self, instances: Iterable[Instance], links: Links) -> Iterator[str]:
        """Instances, one chunk each."""

    @abstractmethod
    def instance(self, instance: Instance, links: Links) -> str:
        """One instance."""

    def changed_instance(self, instance: Instance, links: Links) -> str:
        """Return the response of an action: one instance that was started, stopped or rebooted."""
        return self.instance(instance, links)

    @abstractmethod
    def hardware_profiles(self, profiles: Iterable[HardwareProfile], links: Links) -> Iterator[str]:
        """Hardware profiles."""

    @abstractmethod
    def hardware_profile(self, profile: HardwareProfile, links: Links) -> str:
        """One hardware profile."""

    @abstractmethod
    def realms(self, realms: Iterable[Realm], links: Links) -> Iterator[str]:
        """Realms."""

    @abstractmethod
    def realm(self, realm: Realm, links: Links) -> str:
        """One realm."""

    @abstractmethod
    def keys(self, keys: Iterable[Key], links: Links) -> Iterator[str]:
        """Write key pairs."""

    @abstractmethod
    def key(self, key: Key, links: Links) -> str:
        """Write one key pair, with its private key if it was just created."""

    @abstractmethod
    def instance_states(self, states: StateMachine, links: Links) -> str:
        """The state machine."""

    @abstractmethod
    def error(self, failure: Failure, links: Links) -> str:
        """An error."""


def iso8601(moment: datetime) -> str:
    """ISO 8601 in UTC, whole seconds: ``2012-10-25T12:27:53Z``."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat()[:19] + "Z"


def instance_links(
    instance_id: str, offered: tuple[str, ...], can_create_image: bool, api: str
) -> list[tuple[str, str, str]]:
    """The actions that an instance offers, below the API's address: rel, method and href."""
    segment = path_segment(instance_id)
    href = f"{api}/instances/{segment}"
    found = [
        (action, "delete", href) if action == "destroy" else (action, "post", f"{href}/{action}") for action in offered
    ]
    if can_create_image:
        found.append(("create_image", "post", f"{api}/images;instance_id={segment}"))
    return found


def key_links(key: Key, links: Links) -> list[tuple[str, str, str]]:
    """Return the actions that a key pair offers: rel, method and href."""
    return [("destroy", "delete", links.member("keys", key.id))] if links.destroys_keys else []


def image_links(image: Image, links: Links) -> list[tuple[str, str, str]]:
    """The actions that an image offers: rel, method and href."""
    segment = path_segment(image.id)
    found = []
    if links.launches:
        found.append(("create_instance", "post", f"{links.api}/instances;image_id={segment}"))
    if links.destroys_images and image.destroyable:
        found.append(("destroy_image", "delete", f"{links.api}/images/{segment}"))
    return found
