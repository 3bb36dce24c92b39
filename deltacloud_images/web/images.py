"""The views of images."""

from flask import Blueprint, Response

from deltacloud_images.models import ImageFilter, NewImage
from deltacloud_images.web import operations
from deltacloud_images.web.call import Call
from deltacloud_images.web.responses import created, destroyed, document, redirect_and_watch, stream
from deltacloud_images.web.views import serves
from deltacloud_images.web.waiting import find_settled, hint

blueprint = Blueprint("images", __name__)


@blueprint.get("/images")
@serves(operations.LIST_IMAGES)
def images(call: Call) -> Response:
    """The images that match the parameters."""
    names = ("id", "name", "owner_id", "architecture", "state")
    wanted = ImageFilter(**{name: call.given.get(name) for name in names}, options=call.given.options)
    catalog = call.catalog()
    return stream(call, call.serializer.images(catalog.images(wanted), call.links), catalog)


@blueprint.get("/images/<segment:image_id>")
@serves(operations.SHOW_IMAGE)
def image(call: Call, image_id: str) -> Response:
    """One image."""
    found = find_settled(call, "image", image_id, lambda catalog: catalog.image(image_id))
    return hint(document(call, call.serializer.image(found, call.links)), found)


@blueprint.post("/images")
@serves(operations.CREATE_IMAGE)
def create_image(call: Call) -> Response:
    """A new image of an instance."""
    given = call.given
    with call.catalog() as catalog:
        new = NewImage(
            instance_id=given.require("instance_id"),
            name=given.text("name"),
            description=given.text("description"),
            options=given.options,
        )
        image = catalog.create_image(new)
    location = call.links.member("images", image.id)
    if call.for_browser:
        return redirect_and_watch(location)
    return hint(created(call, call.serializer.image(image, call.links), location), image)


@blueprint.delete("/images/<segment:image_id>")
@serves(operations.DESTROY_IMAGE)
def destroy_image(call: Call, image_id: str) -> Response:
    """Destroy an image."""
    with call.catalog() as catalog:
        catalog.destroy_image(image_id, call.given.options)
    return destroyed(call, "images")
