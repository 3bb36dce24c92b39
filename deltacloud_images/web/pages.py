"""What only browsers ask for: the forms that create an image and launch one, and the files that pages need.

To other clients ``/api/images/new`` is the image whose id is ``new``.
"""

from flask import Blueprint, Response

from deltacloud_images.catalog import Catalog, require
from deltacloud_images.driver import Capability
from deltacloud_images.errors import ObjectNotFound
from deltacloud_images.models import HardwareProfile, Image, InstanceFilter
from deltacloud_images.serializers import HtmlSerializer
from deltacloud_images.serializers.assets import asset
from deltacloud_images.serializers.html import ImageForm, InstanceForm
from deltacloud_images.web.answers import whole
from deltacloud_images.web.call import current_call
from deltacloud_images.web.entry import require_collection
from deltacloud_images.web.images import image
from deltacloud_images.web.instances import instance

blueprint = Blueprint("pages", __name__)

_A_YEAR = "public, max-age=31536000, immutable"


@blueprint.get("/api/images/new")
def new_image() -> Response:
    """The form that makes an image of ``instance_id``, or of an instance to choose."""
    call = current_call()
    if not isinstance(call.serializer, HtmlSerializer):
        return image("new")
    require_collection("images")
    wanted = InstanceFilter(id=call.query.get("instance_id"))
    require(call.driver, Capability.CREATE_IMAGE)
    with call.catalog() as catalog:
        sources = [catalog.instance(wanted.id)] if wanted.id else list(catalog.instances(wanted))
        form = ImageForm(sources, chosen=wanted.id is not None)
    return whole(call.serializer.new_image(form, call.links))


@blueprint.get("/api/instances/new")
def new_instance() -> Response:
    """The form that launches ``image_id``."""
    call = current_call()
    if not isinstance(call.serializer, HtmlSerializer):
        return instance("new")
    require_collection("instances")
    require(call.driver, Capability.CREATE_INSTANCE)
    image_id = call.query.get("image_id")
    with call.catalog() as catalog:
        source = catalog.image(image_id) if image_id else None
        able = call.driver.capabilities
        form = InstanceForm(
            image=source,
            profiles=_profiles(catalog, source) if source and Capability.HARDWARE_PROFILES in able else (),
            realms=tuple(catalog.realms()) if source and Capability.REALMS in able else (),
        )
    return whole(call.serializer.new_instance(form, call.links))


def _profiles(catalog: Catalog, source: Image) -> tuple[HardwareProfile, ...]:
    """The sizes that the image can be launched with: those that it names, or all."""
    known = catalog.hardware_profiles()
    return tuple(each for each in known if each.id in source.hardware_profiles) or tuple(known)


@blueprint.get("/static/<name>")
def static(name: str) -> Response:
    """A file that pages need; at the address with its version it may be kept for ever."""
    found = asset(name)
    if found is None:
        raise ObjectNotFound(f"There is no file '{name}'.")
    call = current_call()
    if call.query.get("v") == found.version:
        call.cache_control = _A_YEAR
        call.vary = "Accept-Encoding"
    return whole(found.content, content_type=found.content_type)
