"""The views of instances, and of the actions on them."""

from flask import Blueprint, Response

from deltacloud_images.models import InstanceFilter, NewInstance
from deltacloud_images.web import operations
from deltacloud_images.web.call import Call
from deltacloud_images.web.parameters import decode_user_data
from deltacloud_images.web.responses import created, destroyed, document, redirect, redirect_and_watch, stream
from deltacloud_images.web.views import serves
from deltacloud_images.web.waiting import find_settled, hint

blueprint = Blueprint("instances", __name__)

_PROPERTIES = ("cpu", "memory", "storage")


@blueprint.get("/instances")
@serves(operations.LIST_INSTANCES)
def instances(call: Call) -> Response:
    """The instances that match the parameters."""
    names = ("id", "state", "realm_id", "image_id", "owner_id")
    wanted = InstanceFilter(**{name: call.given.get(name) for name in names})
    catalog = call.catalog()
    return stream(call, call.serializer.instances(catalog.instances(wanted), call.links), catalog)


@blueprint.get("/instances/<segment:instance_id>")
@serves(operations.SHOW_INSTANCE)
def instance(call: Call, instance_id: str) -> Response:
    """One instance."""
    found = find_settled(call, "instance", instance_id, lambda catalog: catalog.instance(instance_id))
    return hint(document(call, call.serializer.instance(found, call.links)), found)


@blueprint.post("/instances")
@serves(operations.CREATE_INSTANCE)
def create_instance(call: Call) -> Response:
    """Launch an image."""
    given = call.given
    with call.catalog() as catalog:
        launched = catalog.create_instance(_new_instance(call), given.text("hwp_id"))
    location = call.links.member("instances", launched[0].id)
    if call.for_browser and not launched[0].authentication.password:  # which is shown only this once
        return redirect_and_watch(location)
    if len(launched) > 1:
        return created(call, "".join(call.serializer.instances(launched, call.links)), location)
    return hint(created(call, call.serializer.instance(launched[0], call.links), location), launched[0])


def _new_instance(call: Call) -> NewInstance:
    given = call.given
    user_data = given.text("user_data")
    if call.for_browser:
        user_data = user_data.replace("\r\n", "\n")  # as it was typed: no shell reads lines as forms send them
    return NewInstance(
        image_id=given.require("image_id"),
        name=given.text("name"),
        realm_id=given.text("realm_id"),
        properties={name: value for name in _PROPERTIES if (value := given.get(f"hwp_{name}"))},
        keyname=given.text("keyname"),
        user_data=decode_user_data(user_data),
        options=given.options,
    )


@blueprint.post("/instances/<segment:instance_id>/<any(start,stop,reboot):action>")
@serves(operations.ACT_ON_INSTANCE)
def act(call: Call, instance_id: str, action: str) -> Response:
    """Start, stop or reboot."""
    with call.catalog() as catalog:
        changed = catalog.act(action, instance_id)
    if call.for_browser:
        return redirect(call.links.member("instances", instance_id))
    return hint(document(call, call.serializer.changed_instance(changed, call.links), 202), changed)


@blueprint.delete("/instances/<segment:instance_id>")
@serves(operations.DESTROY_INSTANCE)
def destroy_instance(call: Call, instance_id: str) -> Response:
    """Destroy an instance."""
    with call.catalog() as catalog:
        catalog.destroy_instance(instance_id)
    return destroyed(call, "instances")
