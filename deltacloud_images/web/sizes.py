"""``/api/hardware_profiles`` and ``/api/realms``: where an image can be launched, and how large."""

from collections.abc import Sequence

from flask import Blueprint, Response

from deltacloud_images.driver import find_profile
from deltacloud_images.models import HardwareProfile
from deltacloud_images.profiles import by_size
from deltacloud_images.web.answers import listed, whole
from deltacloud_images.web.call import current_call
from deltacloud_images.web.entry import require_collection

blueprint = Blueprint("sizes", __name__)


@blueprint.get("/api/hardware_profiles")
def hardware_profiles() -> Response:
    """The sizes; ``architecture`` and ``id`` filter. Without credentials where the driver knows its sizes by itself."""
    require_collection("hardware_profiles")
    call = current_call()
    profiles = _all_profiles()
    if architecture := call.query.get("architecture"):
        profiles = [each for each in profiles if _has_architecture(each, architecture)]
    if profile_id := call.query.get("id"):
        profiles = [each for each in profiles if each.id == profile_id]
    return whole("".join(call.serializer.hardware_profiles(profiles, call.links)))


@blueprint.get("/api/hardware_profiles/<segment:profile_id>")
def hardware_profile(profile_id: str) -> Response:
    """One size."""
    require_collection("hardware_profiles")
    call = current_call()
    known = call.driver.fixed_hardware_profiles()
    if known is not None:
        profile = find_profile(known, profile_id)
    else:
        with call.catalog() as catalog:
            profile = catalog.hardware_profile(profile_id)
    return whole(call.serializer.hardware_profile(profile, call.links))


@blueprint.get("/api/realms")
def realms() -> Response:
    """The realms; ``id`` filters."""
    require_collection("realms")
    call = current_call()
    wanted = call.query.get("id")
    catalog = call.catalog()
    found = (realm for realm in catalog.realms() if wanted in (None, realm.id))
    return listed(call.serializer.realms(found, call.links), catalog)


@blueprint.get("/api/realms/<segment:realm_id>")
def realm(realm_id: str) -> Response:
    """One realm."""
    require_collection("realms")
    call = current_call()
    with call.catalog() as catalog:
        return whole(call.serializer.realm(catalog.realm(realm_id), call.links))


def _all_profiles() -> Sequence[HardwareProfile]:
    call = current_call()
    known = call.driver.fixed_hardware_profiles()
    if known is not None:
        return by_size(known)
    with call.catalog() as catalog:
        return catalog.hardware_profiles()


def _has_architecture(profile: HardwareProfile, architecture: str) -> bool:
    known = profile.property("architecture")
    return known is not None and (known.value == architecture or architecture in known.entries)
