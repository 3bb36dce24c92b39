"""The entry point, the drivers and the instance states: all that needs no credentials."""

from flask import Blueprint, Response

from deltacloud_images.errors import ObjectNotFound
from deltacloud_images.models import StateMachine
from deltacloud_images.web.answers import whole
from deltacloud_images.web.call import GRAPHVIZ, current_call, registry, served

blueprint = Blueprint("entry", __name__)


def require_collection(name: str) -> None:
    """Raise ``ObjectNotFound`` unless the current driver serves the collection."""
    if name not in served(current_call().driver):
        raise ObjectNotFound(f"{current_call().driver.title} has no {name.replace('_', ' ')}.")


@blueprint.get("/")
def welcome() -> Response:
    """Where the API is."""
    call = current_call()
    return whole(call.serializer.welcome(call.links))


@blueprint.get("/api")
@blueprint.get("/api/")
def entry_point() -> Response:
    """What there is; with ``force_auth`` only for callers whose credentials the cloud accepts."""
    call = current_call()
    if call.query.text("force_auth").lower() in ("1", "true"):
        with call.catalog() as catalog:
            catalog.verify()
    return whole(call.serializer.entry_point(call.entry, call.links))


@blueprint.get("/api/drivers")
def drivers() -> Response:
    """Every driver that is installed; ``id`` filters."""
    call = current_call()
    wanted = call.query.get("id")
    entries = [each for each in call.drivers() if wanted in (None, each.id)]
    return whole(call.serializer.drivers(entries, call.links))


@blueprint.get("/api/drivers/<segment:name>")
def driver(name: str) -> Response:
    """One driver."""
    call = current_call()
    if name not in registry().usable_names:
        raise ObjectNotFound(f"Driver '{name}' was not found; there are {', '.join(registry().usable_names)}.")
    return whole(call.serializer.driver(call.driver_entry(name), call.links))


@blueprint.get("/api/instance_states")
def instance_states() -> Response:
    """The state machine of the current driver's instances."""
    require_collection("instance_states")
    call = current_call()
    if call.query.get("format") == GRAPHVIZ:
        return whole(_graphviz(call.driver.states), content_type="text/vnd.graphviz")
    return whole(call.serializer.instance_states(call.driver.states, call.links))


def _graphviz(states: StateMachine) -> str:
    lines = ["digraph instance_states {"]
    for each in states.transitions:
        label = f' [label="{each.action}"]' if each.action else " [style=dashed]"
        lines.append(f'  "{each.origin}" -> "{each.to}"{label};')
    return "\n".join([*lines, "}\n"])
