"""A mock cloud whose providers are named after the seconds that they take to respond."""

from collections.abc import Sequence

from deltacloud_images.driver import Credentials, Provider
from deltacloud_images.kit.deadline import Deadline
from deltacloud_mock import MockDriver
from deltacloud_mock.session import MockSession


class SlowDriver(MockDriver):
    """Has a provider for every number of seconds, and a default one that never responds."""

    title = "Slow"

    @property
    def default_provider(self) -> str:
        return "86400"

    def providers(self) -> Sequence[Provider]:
        return [Provider(self.default_provider)]

    def allows_provider(self, provider: str) -> bool:
        return provider.replace(".", "", 1).isdigit()

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> MockSession:
        deadline.sleep(float(provider))
        return super().connect(credentials, provider, deadline)
