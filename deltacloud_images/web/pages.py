"""The views of what only browsers ask for: forms, and the files that pages need.

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
from deltacloud_images.web import operations
from deltacloud_images.web.call import Call, current_call
from deltacloud_images.web.images import image
from deltacloud_images.web.instances import instance
from deltacloud_images.web.responses import document
from deltacloud_images.web.views import serves

#: The forms, which stand among the API's paths.
blueprint = Blueprint("pages", __name__)
#: What stands outside of the API.
site = Blueprint("site", __name__)

_A_YEAR = "public, max-age=31536000, immutable"


@site.get("/")
@serves(operations.WELCOME)
def welcome(call: Call) -> Response:
    """Where the API is."""
    return document(call, call.serializer.welcome(call.links))


@blueprint.get("/images/new")
@serves(operations.IMAGE_FORM)
def new_image(call: Call) -> Response:
    """The form that creates an image of ``instance_id``, or of an instance to choose."""
    if not isinstance(call.serializer, HtmlSerializer):
        return image(image_id="new")
    wanted = InstanceFilter(id=call.given.get("instance_id"))
    require(call.driver, Capability.CREATE_IMAGE)
    with call.catalog() as catalog:
        sources = [catalog.instance(wanted.id)] if wanted.id else list(catalog.instances(wanted))
        form = ImageForm(sources, chosen=wanted.id is not None)
    return document(call, call.serializer.new_image(form, call.links))


@blueprint.get("/instances/new")
@serves(operations.INSTANCE_FORM)
def new_instance(call: Call) -> Response:
    """The form that launches ``image_id``."""
    if not isinstance(call.serializer, HtmlSerializer):
        return instance(instance_id="new")
    require(call.driver, Capability.CREATE_INSTANCE)
    image_id = call.given.get("image_id")
    with call.catalog() as catalog:
        source = catalog.image(image_id) if image_id else None
        able = call.driver.capabilities
        form = InstanceForm(
            image=source,
            profiles=_profiles(catalog, source) if source and Capability.HARDWARE_PROFILES in able else (),
            realms=tuple(catalog.realms()) if source and Capability.REALMS in able else (),
        )
    return document(call, call.serializer.new_instance(form, call.links))


def _profiles(catalog: Catalog, source: Image) -> tuple[HardwareProfile, ...]:
    """Return the hardware profiles with which an image can be launched: those that it names, or all."""
    known = catalog.hardware_profiles()
    return tuple(each for each in known if each.id in source.hardware_profiles) or tuple(known)


@site.get("/static/<name>")
def static(name: str) -> Response:
    """A file that pages need; at the address with its version it may be kept for ever."""
    found = asset(name)
    if found is None:
        raise ObjectNotFound(f"There is no file '{name}'.")
    call = current_call()
    if call.query.get("v") == found.version:
        call.cache_control = _A_YEAR
        call.vary = "Accept-Encoding"
    return document(call, found.content, content_type=found.content_type)
