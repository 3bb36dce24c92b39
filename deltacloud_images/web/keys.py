"""``/api/keys``: the key pairs with which one logs in to instances."""

from flask import Blueprint, Response, g, request

from deltacloud_images.web.answers import created, listed, no_content, see, whole
from deltacloud_images.web.call import current_call
from deltacloud_images.web.entry import require_collection
from deltacloud_images.web.parameters import read_parameters

blueprint = Blueprint("keys", __name__)


@blueprint.get("/api/keys")
def keys() -> Response:
    """Return the caller's key pairs; ``id`` filters."""
    require_collection("keys")
    call = current_call()
    wanted = call.query.get("id")
    catalog = call.catalog()
    found = filter(lambda each: wanted in (None, each.id), catalog.keys())
    return listed(call.serializer.keys(found, call.links), catalog)


@blueprint.get("/api/keys/<segment:key_id>")
def key(key_id: str) -> Response:
    """Return one key pair, without its private key."""
    require_collection("keys")
    call = current_call()
    with call.catalog() as catalog:
        return whole(call.serializer.key(catalog.key(key_id), call.links))


@blueprint.post("/api/keys")
def create_key() -> Response:
    """Create a key pair and return it with its private key, which no later response holds."""
    require_collection("keys")
    call = current_call()
    name = read_parameters(request).require("name")
    with call.catalog() as catalog:
        key = catalog.create_key(name)
    call.cache_control = "no-store"
    return created(call.serializer.key(key, call.links), call.links.member("keys", key.id))


@blueprint.delete("/api/keys/<segment:key_id>")
def destroy_key(key_id: str) -> Response:
    """Destroy a key pair; redirect a form's sender to the list."""
    require_collection("keys")
    call = current_call()
    with call.catalog() as catalog:
        catalog.destroy_key(key_id)
    return see(call.links.collection("keys")) if g.get("from_form") else no_content()
