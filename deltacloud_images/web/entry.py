"""The views of the entry point, the drivers and the instance states: all that needs no credentials."""

from flask import Blueprint, Response

from deltacloud_images.errors import ObjectNotFound
from deltacloud_images.models import StateMachine
from deltacloud_images.web import operations
from deltacloud_images.web.call import Call, registry
from deltacloud_images.web.choice import GRAPHVIZ
from deltacloud_images.web.page_context import driver_entries, driver_entry
from deltacloud_images.web.page_context import entry_point as describe
from deltacloud_images.web.responses import document
from deltacloud_images.web.views import serves

blueprint = Blueprint("entry", __name__)


@blueprint.get("")
@blueprint.get("/")
@serves(operations.ENTRY_POINT)
def entry_point(call: Call) -> Response:
    """What the driver offers; with ``force_auth`` only for callers whose credentials the cloud accepts."""
    if call.given.text("force_auth").lower() in ("1", "true"):
        with call.catalog() as catalog:
            catalog.verify()
    return document(call, call.serializer.entry_point(describe(call), call.links))


@blueprint.get("/drivers")
@serves(operations.LIST_DRIVERS)
def drivers(call: Call) -> Response:
    """Every driver that is installed."""
    wanted = call.given.get("id")
    entries = [each for each in driver_entries(registry()) if wanted in (None, each.id)]
    return document(call, call.serializer.drivers(entries, call.links))


@blueprint.get("/drivers/<segment:name>")
@serves(operations.SHOW_DRIVER)
def driver(call: Call, name: str) -> Response:
    """One driver."""
    names = registry().usable_names
    if name not in names:
        raise ObjectNotFound(f"Driver '{name}' was not found; there are {', '.join(names)}.")
    return document(call, call.serializer.driver(driver_entry(registry(), name), call.links))


@blueprint.get("/instance_states")
@serves(operations.SHOW_STATES)
def instance_states(call: Call) -> Response:
    """The state machine of the current driver's instances."""
    if call.query.get("format") == GRAPHVIZ:
        return document(call, _graphviz(call.driver.states), content_type="text/vnd.graphviz")
    return document(call, call.serializer.instance_states(call.driver.states, call.links))


def _graphviz(states: StateMachine) -> str:
    lines = ["digraph instance_states {"]
    for each in states.transitions:
        label = f' [label="{each.action}"]' if each.action else " [style=dashed]"
        lines.append(f'  "{each.origin}" -> "{each.to}"{label};')
    return "\n".join([*lines, "}\n"])
