"""The views of hardware profiles and realms: how large an instance can be, and where it can be launched."""

from collections.abc import Sequence

from flask import Blueprint, Response

from deltacloud_images.driver import find_profile
from deltacloud_images.models import HardwareProfile
from deltacloud_images.profiles import by_size
from deltacloud_images.web import operations
from deltacloud_images.web.call import Call
from deltacloud_images.web.responses import document, stream
from deltacloud_images.web.views import serves

blueprint = Blueprint("sizes", __name__)


@blueprint.get("/hardware_profiles")
@serves(operations.LIST_PROFILES)
def hardware_profiles(call: Call) -> Response:
    """The hardware profiles that match. Without credentials where the driver knows them by itself."""
    profiles = _all_profiles(call)
    if architecture := call.given.get("architecture"):
        profiles = [each for each in profiles if _has_architecture(each, architecture)]
    if profile_id := call.given.get("id"):
        profiles = [each for each in profiles if each.id == profile_id]
    return document(call, "".join(call.serializer.hardware_profiles(profiles, call.links)))


@blueprint.get("/hardware_profiles/<segment:profile_id>")
@serves(operations.SHOW_PROFILE)
def hardware_profile(call: Call, profile_id: str) -> Response:
    """One hardware profile."""
    known = call.driver.fixed_hardware_profiles()
    if known is not None:
        profile = find_profile(known, profile_id)
    else:
        with call.catalog() as catalog:
            profile = catalog.hardware_profile(profile_id)
    return document(call, call.serializer.hardware_profile(profile, call.links))


@blueprint.get("/realms")
@serves(operations.LIST_REALMS)
def realms(call: Call) -> Response:
    """The realms."""
    wanted = call.given.get("id")
    catalog = call.catalog()
    found = (realm for realm in catalog.realms() if wanted in (None, realm.id))
    return stream(call, call.serializer.realms(found, call.links), catalog)


@blueprint.get("/realms/<segment:realm_id>")
@serves(operations.SHOW_REALM)
def realm(call: Call, realm_id: str) -> Response:
    """One realm."""
    with call.catalog() as catalog:
        return document(call, call.serializer.realm(catalog.realm(realm_id), call.links))


def _all_profiles(call: Call) -> Sequence[HardwareProfile]:
    known = call.driver.fixed_hardware_profiles()
    if known is not None:
        return by_size(known)
    with call.catalog() as catalog:
        return catalog.hardware_profiles()


def _has_architecture(profile: HardwareProfile, architecture: str) -> bool:
    known = profile.property("architecture")
    return known is not None and (known.value == architecture or architecture in known.entries)
