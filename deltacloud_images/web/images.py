"""``/api/images``."""

from flask import Blueprint, Response, g, request

from deltacloud_images.models import ImageFilter, NewImage
from deltacloud_images.web.answers import created, listed, no_content, see, watch, whole
from deltacloud_images.web.call import current_call
from deltacloud_images.web.entry import require_collection
from deltacloud_images.web.parameters import read_parameters

blueprint = Blueprint("images", __name__)


@blueprint.get("/api/images")
def images() -> Response:
    """The images that match the parameters."""
    require_collection("images")
    call = current_call()
    names = ("id", "name", "owner_id", "architecture", "state")
    wanted = ImageFilter(**{name: call.query.get(name) for name in names})
    catalog = call.catalog()
    return listed(call.serializer.images(catalog.images(wanted), call.links), catalog)


@blueprint.get("/api/images/<segment:image_id>")
def image(image_id: str) -> Response:
    """One image."""
    require_collection("images")
    call = current_call()
    with call.catalog() as catalog:
        return whole(call.serializer.image(catalog.image(image_id), call.links))


@blueprint.post("/api/images")
def create_image() -> Response:
    """A new image of an instance."""
    require_collection("images")
    call = current_call()
    given = read_parameters(request)
    with call.catalog() as catalog:
        new = NewImage(
            instance_id=given.require("instance_id"),
            name=given.text("name"),
            description=given.text("description"),
            options=given.matching(call.own_parameters("images", "create")),
        )
        image = catalog.create_image(new)
    where = call.links.member("images", image.id)
    return watch(where) if call.for_browser else created(call.serializer.image(image, call.links), where)


@blueprint.delete("/api/images/<segment:image_id>")
def destroy_image(image_id: str) -> Response:
    """Destroy an image; a form's sender goes back to the list."""
    require_collection("images")
    call = current_call()
    given = g.get("parameters") or call.query
    with call.catalog() as catalog:
        catalog.destroy_image(image_id, given.matching(call.own_parameters("images", "destroy")))
    return see(call.links.collection("images")) if g.get("from_form") else no_content()
