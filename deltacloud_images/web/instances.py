"""``/api/instances`` and the actions on instances."""

from flask import Blueprint, Response, g, request

from deltacloud_images.models import InstanceFilter, NewInstance
from deltacloud_images.web.answers import created, listed, no_content, see, watch, whole
from deltacloud_images.web.call import current_call
from deltacloud_images.web.entry import require_collection
from deltacloud_images.web.parameters import decode_user_data, read_parameters

blueprint = Blueprint("instances", __name__)


@blueprint.get("/api/instances")
def instances() -> Response:
    """The instances that match the parameters."""
    require_collection("instances")
    call = current_call()
    names = ("id", "state", "realm_id", "image_id", "owner_id")
    wanted = InstanceFilter(**{name: call.query.get(name) for name in names})
    catalog = call.catalog()
    return listed(call.serializer.instances(catalog.instances(wanted), call.links), catalog)


@blueprint.get("/api/instances/<segment:instance_id>")
def instance(instance_id: str) -> Response:
    """One instance."""
    require_collection("instances")
    call = current_call()
    with call.catalog() as catalog:
        return whole(call.serializer.instance(catalog.instance(instance_id), call.links))


@blueprint.post("/api/instances")
def create_instance() -> Response:
    """Launch an image."""
    require_collection("instances")
    call = current_call()
    given = read_parameters(request)
    user_data = given.text("user_data")
    if call.for_browser:
        user_data = user_data.replace("\r\n", "\n")  # as it was typed: no shell reads lines as forms send them
    with call.catalog() as catalog:
        sizes = given.matching(("hwp_cpu", "hwp_memory", "hwp_storage"))
        new = NewInstance(
            image_id=given.require("image_id"),
            name=given.text("name"),
            realm_id=given.text("realm_id"),
            properties={name.removeprefix("hwp_"): value for name, value in sizes.items()},
            keyname=given.text("keyname"),
            user_data=decode_user_data(user_data),
            options=given.matching(call.own_parameters("instances", "create")),
        )
        launched = catalog.create_instance(new, given.text("hwp_id"))
    location = call.links.member("instances", launched[0].id)
    if call.for_browser and not launched[0].authentication.password:  # which is told only this once
        return watch(location)
    if len(launched) > 1:
        return created("".join(call.serializer.instances(launched, call.links)), location)
    return created(call.serializer.instance(launched[0], call.links), location)


@blueprint.post("/api/instances/<segment:instance_id>/<any(start,stop,reboot):action>")
def act(instance_id: str, action: str) -> Response:
    """Start, stop or reboot."""
    require_collection("instances")
    call = current_call()
    with call.catalog() as catalog:
        changed = catalog.act(action, instance_id)
    if call.for_browser:
        return see(call.links.member("instances", instance_id))
    return whole(call.serializer.changed_instance(changed, call.links), 202)


@blueprint.delete("/api/instances/<segment:instance_id>")
def destroy_instance(instance_id: str) -> Response:
    """Destroy an instance; a form's sender goes back to the list."""
    require_collection("instances")
    call = current_call()
    with call.catalog() as catalog:
        catalog.destroy_instance(instance_id)
    return see(call.links.collection("instances")) if g.get("from_form") else no_content()
