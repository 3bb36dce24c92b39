"""A second cloud to switch to: it makes no images, and each of its providers fails in a way of its own."""

from collections.abc import Sequence
from dataclasses import replace

from deltacloud_images.driver import Capability, Credentials, Provider
from deltacloud_images.errors import ProviderError, ProviderTimeout
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.models import Authentication, Instance, NewInstance
from deltacloud_mock import MockDriver
from deltacloud_mock.session import MockSession

_FAILURES = {
    "failing": ProviderError("Second refused the connection."),
    "silent": ProviderTimeout("Second did not answer in time."),
    "buggy": KeyError("a secret of the server's inside"),
}


class SecondSession(MockSession):
    """Tells the password of a machine when it is launched, and never again."""

    def create_instance(self, new: NewInstance) -> Sequence[Instance]:
        login = Authentication(username="root", password="told-only-once")
        return [replace(each, authentication=login) for each in super().create_instance(new)]


class SecondDriver(MockDriver):
    """Works in ``north`` alone."""

    title = "Second"
    capabilities = frozenset(Capability) - {Capability.CREATE_IMAGE, Capability.DESTROY_IMAGE}
    credential_names = ("access key", "secret key")

    @property
    def default_provider(self) -> str:
        return "north"

    def providers(self) -> Sequence[Provider]:
        return [Provider("north", {"api": "north.second.example"}), *map(Provider, _FAILURES)]

    def allows_provider(self, provider: str) -> bool:
        return any(each.id == provider for each in self.providers())

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> MockSession:
        if failure := _FAILURES.get(provider):
            raise failure
        super().connect(credentials, provider, deadline)  # refuses wrong ones
        return SecondSession(self.store, self.pretend, credentials.user, self.accounts, build_seconds=0)
