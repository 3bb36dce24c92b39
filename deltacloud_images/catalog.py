"""The portable layer: one session with its driver's capabilities checked, filters applied and errors translated.

Whatever is common to all clouds is written here once, so that every driver behaves alike and stays small.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import Token
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar

from deltacloud_images.driver import Capability, Credentials, Driver, Session, find_profile
from deltacloud_images.errors import (
    DeltacloudError,
    MethodNotAllowed,
    NotSupported,
    ObjectNotFound,
    ProviderError,
    ProviderTimeout,
    ValidationFailure,
)
from deltacloud_images.kit.deadline import Deadline, put_in_force, restore
from deltacloud_images.models import (
    HardwareProfile,
    Image,
    ImageFilter,
    Instance,
    InstanceFilter,
    Key,
    NewImage,
    NewInstance,
    Realm,
)
from deltacloud_images.profiles import by_size, check_properties

Item = TypeVar("Item")

#: The limit in seconds of what is done outside of a request.
DEFAULT_SECONDS = 60.0

_ANY_IMAGE = ImageFilter()
_ANY_INSTANCE = InstanceFilter()

#: The actions on an instance, each with the capability that it needs.
ACTIONS = {
    "start": Capability.START_INSTANCE,
    "stop": Capability.STOP_INSTANCE,
    "reboot": Capability.REBOOT_INSTANCE,
    "destroy": Capability.DESTROY_INSTANCE,
}


class _Translating:
    """A context in which the deadline is in force and errors of the cloud become ours.

    Errors that the driver does not know pass as bugs. Contexts may be nested, but belong to one thread.
    """

    __slots__ = ("_deadline", "_driver", "_tokens")

    def __init__(self, driver: Driver[Any], deadline: Deadline) -> None:
        self._driver = driver
        self._deadline = deadline
        self._tokens: list[Token[Deadline]] = []

    def __enter__(self) -> None:
        self._tokens.append(put_in_force(self._deadline))

    def __exit__(
        self, _type: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        restore(self._tokens.pop())
        if error is not None and isinstance(error, Exception) and not isinstance(error, DeltacloudError):
            known = self._driver.translate(error) or _translate_builtin(error, self._driver)
            if known is not None:
                raise known from error


def _translate_builtin(error: Exception, driver: Driver[Any]) -> DeltacloudError | None:
    if isinstance(error, TimeoutError):
        return ProviderTimeout(f"{driver.title} did not answer in time.")
    if isinstance(error, ConnectionError):
        return ProviderError(f"The connection to {driver.title} failed.")
    return None


class Catalog:
    """What one caller can do on one provider. Every method raises only ``DeltacloudError``, bugs of ours aside."""

    def __init__(
        self, driver: Driver[Any], credentials: Credentials, provider: str | None, deadline: Deadline | None = None
    ) -> None:
        """Connect, to the driver's default provider where none is given.

        ``deadline`` is the request's; by default one of ``DEFAULT_SECONDS`` begins now. Raises ``ValidationFailure``
        for a provider that is missing or not allowed, and ``AuthenticationFailure`` where the driver finds out already
        then.
        """
        provider = provider or driver.default_provider
        check_provider(driver, provider)
        if provider is None and driver.requires_provider:
            raise ValidationFailure(f"{driver.title} has no provider: the operator has to configure one.")
        self.deadline = deadline or Deadline(DEFAULT_SECONDS)
        self._driver = driver
        self._translating = _Translating(driver, self.deadline)
        with self._translating:
            self._session: Session = driver.connect(credentials, provider or "", self.deadline)

    def __enter__(self) -> Self:
        """The catalog itself; leaving closes it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Give back what the session holds."""
        with self._translating:
            self._session.close()

    def verify(self) -> None:
        """Raise ``AuthenticationFailure`` unless the cloud accepts the credentials."""
        with self._translating:
            self._session.verify()

    def images(self, wanted: ImageFilter) -> Iterator[Image]:
        """The images that match. ``id`` is looked up, and no image of that id is no error.

        With options of the driver, only its list can tell whether the image matches.
        """
        session = self._require(Capability.IMAGES)
        with self._translating:
            if wanted.owner_id == "self":
                wanted = replace(wanted, owner_id=session.account_id() or "self")
            found = _one_or_none(self.image, wanted.id) if wanted.id and not wanted.options else session.images(wanted)
        return self._stream(found, None if wanted == _ANY_IMAGE else wanted.matches)

    def image(self, image_id: str) -> Image:
        """The image of that id; raises ``ObjectNotFound``."""
        session = self._require(Capability.IMAGES)
        with self._translating:
            return session.image(image_id)

    def create_image(self, new: NewImage) -> Image:
        """A new image of an instance; raises ``ObjectNotFound`` for the instance, ``Conflict`` for its state."""
        session = self._require(Capability.CREATE_IMAGE)
        with self._translating:
            return session.create_image(new)

    def destroy_image(self, image_id: str, options: Mapping[str, str]) -> None:
        """Destroy; raises ``ObjectNotFound``, ``Forbidden`` or ``Conflict``."""
        session = self._require(Capability.DESTROY_IMAGE)
        with self._translating:
            session.destroy_image(image_id, options)

    def instances(self, wanted: InstanceFilter) -> Iterator[Instance]:
        """The instances that match. ``id`` is looked up, and no instance of that id is no error."""
        session = self._require(Capability.INSTANCES)
        with self._translating:
            if wanted.owner_id == "self":
                wanted = replace(wanted, owner_id=session.account_id() or "self")
            found = _one_or_none(self.instance, wanted.id) if wanted.id else session.instances(wanted)
        return self._stream(found, None if wanted == _ANY_INSTANCE else wanted.matches)

    def instance(self, instance_id: str) -> Instance:
        """The instance of that id; raises ``ObjectNotFound``."""
        session = self._require(Capability.INSTANCES)
        with self._translating:
            return session.instance(instance_id)

    def create_instance(self, new: NewInstance, profile_id: str) -> Sequence[Instance]:
        """Launch; ``profile_id`` may be empty. Raises ``ValidationFailure`` for anything unknown or out of range."""
        session = self._require(Capability.CREATE_INSTANCE)
        try:
            with self._translating:
                if profile_id or new.properties:
                    profile = self._profile_to_launch(profile_id)
                    check_properties(profile, new.properties)
                    new = replace(new, profile=profile)
                return session.create_instance(new)
        except ObjectNotFound as error:
            raise ValidationFailure(str(error)) from error

    def act(self, action: str, instance_id: str) -> Instance:
        """``start``, ``stop`` or ``reboot``; raises ``MethodNotAllowed`` unless the instance offers the action now."""
        session = self._require(ACTIONS[action])
        self._check_action(action, instance_id)
        with self._translating:
            verb: Callable[[str], Instance] = getattr(session, ACTIONS[action])
            return verb(instance_id)

    def destroy_instance(self, instance_id: str) -> None:
        """Destroy; raises ``MethodNotAllowed`` unless the instance offers it now."""
        session = self._require(Capability.DESTROY_INSTANCE)
        self._check_action("destroy", instance_id)
        with self._translating:
            session.destroy_instance(instance_id)

    def hardware_profiles(self) -> Sequence[HardwareProfile]:
        """All sizes, by cpu, then memory; those that do not tell come last."""
        session = self._require(Capability.HARDWARE_PROFILES)
        with self._translating:
            known = self._driver.fixed_hardware_profiles()
            return by_size(session.hardware_profiles() if known is None else known)

    def hardware_profile(self, profile_id: str) -> HardwareProfile:
        """The size of that id; raises ``ObjectNotFound``."""
        session = self._require(Capability.HARDWARE_PROFILES)
        known = self._driver.fixed_hardware_profiles()
        if known is not None:
            return find_profile(known, profile_id)
        with self._translating:
            return session.hardware_profile(profile_id)

    def realms(self) -> Iterator[Realm]:
        """All realms."""
        session = self._require(Capability.REALMS)
        with self._translating:
            return self._stream(session.realms(), None)

    def realm(self, realm_id: str) -> Realm:
        """The realm of that id; raises ``ObjectNotFound``."""
        session = self._require(Capability.REALMS)
        with self._translating:
            return session.realm(realm_id)

    def keys(self) -> Iterator[Key]:
        """Return the caller's key pairs."""
        session = self._require(Capability.KEYS)
        with self._translating:
            return self._stream(session.keys(), None)

    def key(self, key_id: str) -> Key:
        """Return the key pair of that id; raise ``ObjectNotFound``."""
        session = self._require(Capability.KEYS)
        with self._translating:
            return session.key(key_id)

    def create_key(self, name: str, public_key: str = "") -> Key:
        """Return a new key pair, with its private key unless the public one is given.

        Raises ``Conflict`` or ``ValidationFailure`` for the name or the public key.
        """
        session = self._require(Capability.CREATE_KEY)
        with self._translating:
            return session.create_key(name, public_key)

    def destroy_key(self, key_id: str) -> None:
        """Destroy a key pair; raise ``ObjectNotFound``."""
        session = self._require(Capability.DESTROY_KEY)
        with self._translating:
            session.destroy_key(key_id)

    def _profile_to_launch(self, profile_id: str) -> HardwareProfile:
        """The profile of that id, or the only one that there is where none is named."""
        if profile_id:
            return self.hardware_profile(profile_id)
        profiles = self.hardware_profiles()
        if len(profiles) != 1:
            raise ValidationFailure("hwp_cpu, hwp_memory and hwp_storage need hwp_id, the profile that they change.")
        return profiles[0]

    def _require(self, capability: Capability) -> Session:
        require(self._driver, capability)
        return self._session

    def _check_action(self, action: str, instance_id: str) -> None:
        instance = self.instance(instance_id)
        if action not in instance.actions:
            possible = ", ".join(instance.actions) or "nothing"
            raise MethodNotAllowed(
                f"Instance '{instance_id}' is {instance.state}: '{action}' is not possible now, but {possible} is."
            )

    def _stream(self, found: Iterable[Item], matches: Callable[[Item], bool] | None) -> Iterator[Item]:
        """Yield items. The deadline stays in force between them: entering it for each would cost as much as a field."""
        with self._translating:
            yield from found if matches is None else filter(matches, found)


def check_provider(driver: Driver[Any], provider: str | None) -> None:
    """Raise ``ValidationFailure`` that lists the allowed providers unless it is one of them."""
    if provider is not None and not driver.allows_provider(provider):
        allowed = ", ".join(each.id for each in driver.providers()) or "none, as none is configured"
        raise ValidationFailure(f"{driver.title} has no provider '{provider}'; there are: {allowed}.")


def require(driver: Driver[Any], capability: Capability) -> None:
    """Raise ``NotSupported`` unless the driver has the capability."""
    if capability not in driver.capabilities:
        raise NotSupported(f"{driver.title} has no {capability.replace('_', ' ')}.")


def _one_or_none(find: Callable[[str], Item], item_id: str) -> tuple[Item, ...]:
    try:
        return (find(item_id),)
    except ObjectNotFound:
        return ()
