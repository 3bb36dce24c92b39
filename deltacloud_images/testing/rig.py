"""The rig: a cloud for the conformance suite, which starts, seeds, reads and breaks it without the driver."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from deltacloud_images.driver import Credentials, Driver
from deltacloud_images.testing.fault import Fault
from deltacloud_images.testing.proxy import FaultProxy


class Rig(ABC):
    """A real cloud or the field's own simulator, reached over the network as the driver reaches it.

    A driver's tests supply one as the pytest fixture ``rig``. Whatever it seeds and reads bypasses the driver, so that
    a broken reader cannot hide a broken writer.
    """

    #: A driver made from the configuration that points to this cloud, and prepared.
    driver: Driver[Any]
    #: The limit in seconds of a request to a broken cloud.
    timeout_seconds: float = 2.0
    provider: str | None = None
    #: Credentials that the cloud accepts, and ones that it rejects.
    credentials: Credentials
    wrong_credentials: Credentials
    #: The ``owner_id`` of images that the credentials create; and whether the session tells it as ``account_id``.
    owner_id: str
    #: Faults that make no sense here, each with the reason in words. The suite asserts that the set is declared.
    impossible_faults: ClassVar[Mapping[Fault, str]]
    #: Whether the driver logs in anew by itself when a session has expired (else the caller gets 401).
    renews_sessions: bool = False
    #: Whether the id of an image that is being made only serves until the cloud has given it one of its own.
    provisional_image_ids: bool = False
    #: Actions that the driver knows, but that this cloud (an old version of it) has not: they are never offered.
    absent_actions: frozenset[str] = frozenset()

    #: Why there is no connection to attack between driver and cloud (the cloud is a file); empty: ``proxies`` are.
    unattackable: ClassVar[str] = ""
    #: Why the cloud's list of images has no pages; empty: ``with_next_page`` makes them.
    unpaged: ClassVar[str] = ""
    #: How many requests the driver sends side by side for one call.
    parallel_requests: ClassVar[int] = 1
    #: The proxy between driver and cloud, where there is one.
    proxy: FaultProxy

    def proxies(self) -> Sequence[FaultProxy]:
        """Return all proxies between driver and cloud."""
        return () if self.unattackable else (self.proxy,)

    def new_proxied_driver(self) -> Driver[Any]:
        """Return a new driver with nothing pooled, which reaches the cloud through the proxies."""
        driver = type(self.driver)(self.driver.settings)
        driver.prepare()
        return driver

    def with_next_page(self, body: bytes, token: str) -> bytes | None:
        """Return a good response with images, changed so that it names a next page by that token.

        ``None`` where the body is another response, or where the cloud has no pages.
        """
        return None

    @abstractmethod
    def seed_image(self) -> str:
        """The id of an image that the caller owns, may launch and may destroy; made if there is none."""

    @abstractmethod
    def seed_instance(self) -> str:
        """Return the id of a new or unused instance that can be imaged as it is, and whose actions work.

        It is empty if the driver has no instances.
        """

    @abstractmethod
    def seed_unimageable_instance(self) -> str | None:
        """The id of an instance that cannot be imaged in its state; ``None`` if every instance always can."""

    @abstractmethod
    def image_ids(self) -> set[str]:
        """The ids of the images that the cloud itself tells of to this caller."""

    @abstractmethod
    def instance_ids(self) -> set[str]:
        """The ids of the instances that the cloud itself tells of to this caller, destroyed ones left out."""

    def seed_key(self) -> str:
        """The id of a new key pair of the caller; needed where the driver has keys."""
        raise NotImplementedError

    def key_ids(self) -> set[str]:
        """The ids of the caller's key pairs, as the cloud itself has them; needed where the driver has keys."""
        raise NotImplementedError

    @abstractmethod
    def broken(self, fault: Fault) -> AbstractContextManager[Driver[Any]]:
        """Break the cloud while the context is open; gives the driver to use then (usually ``self.driver``)."""


def eventually(check: Callable[[], bool], *, within_seconds: float = 60.0) -> bool:
    """Ask again and again until the check holds; false if it never does. For clouds that take their time."""
    deadline = time.monotonic() + within_seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
