"""A driver as a stranger would write it: images that are only listed."""

from collections.abc import Iterable

from deltacloud_images.driver import Capability, Credentials, Driver, Provider, Session
from deltacloud_images.errors import not_found
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.models import Image, ImageFilter, StateMachine, Transition
from deltacloud_images.schema import settings


@settings
class StrangeSettings:
    greeting: str = "hello"


class StrangeSession(Session):
    def __init__(self, greeting: str) -> None:
        self._greeting = greeting

    def verify(self) -> None:
        pass

    def images(self, wanted: ImageFilter) -> Iterable[Image]:
        return [self.image("only")]

    def image(self, image_id: str) -> Image:
        if image_id != "only":
            raise not_found("Image", image_id)
        return Image("only", self._greeting, state="AVAILABLE")


class StrangeDriver(Driver[StrangeSettings]):
    title = "Stranger"
    settings_type = StrangeSettings
    capabilities = frozenset({Capability.IMAGES})
    states = StateMachine(Transition("start", "finish", "destroy"))

    def providers(self) -> list[Provider]:
        return [Provider("north", {"api": "https://north.example"}), Provider("south")]

    def connect(self, credentials: Credentials, provider: str, deadline: Deadline) -> StrangeSession:
        return StrangeSession(f"{self.settings.greeting} from {provider}")


class NeedyDriver(StrangeDriver):
    requires = ("a_module_that_nobody_has",)


not_a_driver = 42
