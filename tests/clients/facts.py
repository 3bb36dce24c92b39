"""What the fresh mock cloud holds, in one vocabulary for all clients, whatever each calls these things."""

from collections.abc import Mapping
from typing import Any

#: What a client has read: names to texts, lists and mappings.
Facts = dict[str, Any]

COLLECTIONS = ("drivers", "hardware_profiles", "images", "instance_states", "instances", "keys", "realms")
IMAGES = ("img1", "img2", "img3")
INSTANCES = ("inst0", "inst1", "inst2", "inst3")
FEATURES = {
    "images": ["owner_id", "image_name", "image_description"],
    "instances": ["user_name", "user_data", "authentication_key", "hardware_profiles", "realm_filter"],
}
STATES = {
    "start": [("pending", "create")],
    "pending": [("running", None)],
    "running": [("running", "reboot"), ("stopped", "stop")],
    "stopped": [("running", "start"), ("finish", "destroy")],
    "finish": [],
}
SIZES = ("m1-small", "m1-large", "m1-xlarge", "opaque")


def image1(api: str) -> Facts:
    return {
        "id": "img1",
        "href": f"{api}/images/img1",
        "name": "img1",
        "description": "Fedora 10",
        "owner_id": "fedoraproject",
        "architecture": "x86_64",
        "state": "AVAILABLE",
        "creation_time": "2012-10-25T12:27:53Z",
        "root_type": "transient",
        "hardware_profiles": list(SIZES),
        "actions": {
            "create_instance": ("post", f"{api}/instances;image_id=img1"),
            "destroy_image": ("delete", f"{api}/images/img1"),
        },
    }


def instance1(api: str) -> Facts:
    return {
        "id": "inst1",
        "href": f"{api}/instances/inst1",
        "name": "MockUserInstance",
        "owner_id": "mockuser",
        "image_id": "img3",
        "image_href": f"{api}/images/img3",
        "realm_id": "us",
        "realm_href": f"{api}/realms/us",
        "state": "RUNNING",
        "hardware_profile_id": "m1-small",
        "hardware_profile_href": f"{api}/hardware_profiles/m1-small",
        "launch_time": "2012-10-25T12:27:53Z",
        "public_addresses": ["img1.inst1.public.com"],
        "private_addresses": ["img1.inst1.private.com"],
        "actions": running_actions(api, "inst1"),
        "rels": ["reboot", "stop", "create_image"],
        "keyname": None,
    }


def running_actions(api: str, instance_id: str) -> Mapping[str, tuple[str, str]]:
    href = f"{api}/instances/{instance_id}"
    return {
        "reboot": ("post", f"{href}/reboot"),
        "stop": ("post", f"{href}/stop"),
        "create_image": ("post", f"{api}/images;instance_id={instance_id}"),
    }


def size_large(api: str) -> Facts:
    return {
        "id": "m1-large",
        "href": f"{api}/hardware_profiles/m1-large",
        "name": "m1-large",
        "properties": {
            "cpu": ("range", "count", "1", ("1", "6")),
            "memory": ("range", "MB", "10240", ("7680", "15360")),
            "storage": ("enum", "GB", "850", ["850", "1024"]),
            "architecture": ("fixed", "label", "x86_64", None),
        },
        "cpu_memory_storage": ["1", "10240", "850"],
        "values": {"cpu": "1", "memory": "10240", "storage": "850", "architecture": "x86_64"},
    }


def realm_us(api: str) -> Facts:
    return {"id": "us", "href": f"{api}/realms/us", "name": "United States", "state": "AVAILABLE", "limit": None}
