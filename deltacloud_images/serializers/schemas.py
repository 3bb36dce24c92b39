"""JSON Schemas of what the JSON serializer writes, by the names under which documents refer to them."""

from typing import Any

from deltacloud_images.models import PROPERTY_UNITS

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
_URL: Schema = {"type": "string", "format": "uri"}
_TIME: Schema = {"type": "string", "format": "date-time"}


def reference(name: str) -> Schema:
    """Return a reference to one of ``SCHEMAS``."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(optional: dict[str, Schema] | None = None, /, **required: Schema) -> Schema:
    """Return the schema of an object with these members and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def array(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def one_of(*values: str) -> Schema:
    """Return the schema of a text that is one of these."""
    return {"type": "string", "enum": list(values)}


def _linked(rel: str) -> Schema:
    return record(id=TEXT, href=_URL, rel=one_of(rel))


_PROPERTIES: Schema = {
    "type": "object",
    "properties": dict.fromkeys(PROPERTY_UNITS, TEXT),
    "additionalProperties": False,
    "description": f"Values as texts, in these units: {', '.join(f'{k} in {v}' for k, v in PROPERTY_UNITS.items())}.",
}

_INSTANCE = record(
    {"launch_time": _TIME},
    id=TEXT,
    href=_URL,
    name=TEXT,
    state=TEXT,
    owner=TEXT,
    owner_id=TEXT,
    image=_linked("image"),
    realm=_linked("realm"),
    hardware_profile=record(id=TEXT, href=_URL, rel=one_of("hardware_profile"), properties=_PROPERTIES),
    actions=array(reference("Action")),
    public_addresses=array(reference("Address")),
    private_addresses=array(reference("Address")),
    storage_volumes=array({}),
    create_image={"type": "boolean"},
    authentication_type=one_of("key", "password"),
    authentication=record({"keyname": TEXT, "username": TEXT, "password": TEXT}),
)

#: The nouns, each as it stands in a list or within its own document.
_NOUNS: dict[str, Schema] = {
    "Image": record(
        {"creation_time": _TIME},
        id=TEXT,
        href=_URL,
        name=TEXT,
        description=TEXT,
        owner=TEXT,
        owner_id=TEXT,
        architecture=TEXT,
        state=TEXT,
        root_type=one_of("persistent", "transient"),
        hardware_profiles=array(_linked("hardware_profile")),
        actions=array(reference("Action")),
    ),
    "Instance": _INSTANCE,
    "HardwareProfile": record(id=TEXT, href=_URL, name=TEXT, properties=_PROPERTIES),
    "Realm": record(id=TEXT, href=_URL, name=TEXT, state=TEXT, limit=TEXT),
    "Key": record(
        {"pem": TEXT},
        pem_rsa_key={"type": ["string", "null"]},
        id=TEXT,
        href=_URL,
        type=one_of("key"),
        state=TEXT,
        fingerprint=TEXT,
        actions=array(reference("Action")),
    ),
    "Driver": record(
        id=TEXT,
        href=_URL,
        name=TEXT,
        providers=array(record(id=TEXT, entrypoints={"type": "object", "additionalProperties": TEXT})),
    ),
}
#: The members under which documents hold each noun, alone and in a list.
_MEMBERS = {
    "Image": ("image", "images"),
    "Instance": ("instance", "instances"),
    "HardwareProfile": ("hardware_profile", "hardware_profiles"),
    "Realm": ("realm", "realms"),
    "Key": ("key", "keys"),
    "Driver": ("driver", "drivers"),
}

_FEATURE = record(name=TEXT, rel=TEXT, params=array(TEXT), constraints={"type": "object"})

SCHEMAS: dict[str, Schema] = {
    **_NOUNS,
    **{f"{noun}Document": record(**{one: reference(noun)}) for noun, (one, _) in _MEMBERS.items()},
    **{f"{noun}List": record(**{many: array(reference(noun))}) for noun, (_, many) in _MEMBERS.items()},
    "ChangedInstance": {**_INSTANCE, "properties": {**_INSTANCE["properties"], "instance": reference("Instance")}},
    "Action": record(rel=TEXT, method=one_of("get", "post", "put", "delete"), href=_URL),
    "Address": record(address=TEXT, type=one_of("ipv4", "ipv6", "hostname", "mac", "unavailable")),
    "EntryPoint": record(
        api=record(
            version=TEXT,
            driver=TEXT,
            provider=TEXT,
            links=array(record(rel=TEXT, href=_URL, features=array(array(_FEATURE)))),
        )
    ),
    "States": array(
        record(name=TEXT, transitions=array(record({"action": TEXT, "auto": one_of("true")}, to=TEXT))),
    ),
    "Error": record(
        code={"type": "integer", "description": "The response's HTTP status."},
        message=TEXT,
        error={"type": "string", "description": "The name of the error's kind, for example ObjectNotFound."},
    ),
}
