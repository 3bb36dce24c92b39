"""The views of key pairs, with which one logs in to instances."""

from flask import Blueprint, Response

from deltacloud_images.web import operations
from deltacloud_images.web.call import Call
from deltacloud_images.web.responses import created, destroyed, document, stream
from deltacloud_images.web.views import serves

blueprint = Blueprint("keys", __name__)


@blueprint.get("/keys")
@serves(operations.LIST_KEYS)
def keys(call: Call) -> Response:
    """The caller's key pairs."""
    wanted = call.given.get("id")
    catalog = call.catalog()
    found = filter(lambda each: wanted in (None, each.id), catalog.keys())
    return stream(call, call.serializer.keys(found, call.links), catalog)


@blueprint.get("/keys/<segment:key_id>")
@serves(operations.SHOW_KEY)
def key(call: Call, key_id: str) -> Response:
    """One key pair, without its private key."""
    with call.catalog() as catalog:
        return document(call, call.serializer.key(catalog.key(key_id), call.links))


@blueprint.post("/keys")
@serves(operations.CREATE_KEY)
def create_key(call: Call) -> Response:
    """A new key pair with its private key, which no later response holds, or one of the caller's public key."""
    with call.catalog() as catalog:
        key = catalog.create_key(call.given.require("name"), call.given.text("public_key"))
    call.cache_control = "no-store"
    return created(call, call.serializer.key(key, call.links), call.links.member("keys", key.id))


@blueprint.delete("/keys/<segment:key_id>")
@serves(operations.DESTROY_KEY)
def destroy_key(call: Call, key_id: str) -> Response:
    """Destroy a key pair."""
    with call.catalog() as catalog:
        catalog.destroy_key(key_id)
    return destroyed(call, "keys")
