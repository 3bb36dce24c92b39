"""Examples of responses for the documents: written by the serializers, as every response is."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deltacloud_images.models import StateMachine, Transition
from deltacloud_images.serializers import SERIALIZERS, EntryPoint, Links, Serializer
from deltacloud_images.serializers import examples as shown
from deltacloud_images.web import operations
from deltacloud_images.web.operations import Operation

_STATES = StateMachine(
    Transition("start", "running"), Transition("running", "stopped", "stop"), Transition("stopped", "finish", "destroy")
)
_ENTRY = EntryPoint("mock", None, ("images", "instances"), ())

_WRITE: Mapping[Operation, Callable[[Serializer, Links], str]] = {
    operations.ENTRY_POINT: lambda to, links: to.entry_point(_ENTRY, links),
    operations.LIST_DRIVERS: lambda to, links: to.drivers([shown.DRIVER], links),
    operations.SHOW_DRIVER: lambda to, links: to.driver(shown.DRIVER, links),
    operations.SHOW_STATES: lambda to, links: to.instance_states(_STATES, links),
    operations.LIST_IMAGES: lambda to, links: "".join(to.images([shown.IMAGE], links)),
    operations.SHOW_IMAGE: lambda to, links: to.image(shown.IMAGE, links),
    operations.CREATE_IMAGE: lambda to, links: to.image(shown.IMAGE, links),
    operations.LIST_INSTANCES: lambda to, links: "".join(to.instances([shown.INSTANCE], links)),
    operations.SHOW_INSTANCE: lambda to, links: to.instance(shown.INSTANCE, links),
    operations.CREATE_INSTANCE: lambda to, links: to.instance(shown.INSTANCE, links),
    operations.ACT_ON_INSTANCE: lambda to, links: to.changed_instance(shown.INSTANCE, links),
    operations.LIST_PROFILES: lambda to, links: "".join(to.hardware_profiles([shown.PROFILE], links)),
    operations.SHOW_PROFILE: lambda to, links: to.hardware_profile(shown.PROFILE, links),
    operations.LIST_REALMS: lambda to, links: "".join(to.realms([shown.REALM], links)),
    operations.SHOW_REALM: lambda to, links: to.realm(shown.REALM, links),
    operations.LIST_KEYS: lambda to, links: "".join(to.keys([shown.KEY], links)),
    operations.SHOW_KEY: lambda to, links: to.key(shown.KEY, links),
    operations.CREATE_KEY: lambda to, links: to.key(shown.NEW_KEY, links),
}


@dataclass(frozen=True, slots=True)
class Example:
    """One response as JSON, decoded, and as XML text."""

    json: Any
    xml: str


def example(operation: Operation, links: Links) -> Example | None:
    """Return a response of an operation, or ``None`` if it has no body."""
    write = _WRITE.get(operation)
    if write is None:
        return None
    return Example(json.loads(write(SERIALIZERS["json"], links)), write(SERIALIZERS["xml"], links))
