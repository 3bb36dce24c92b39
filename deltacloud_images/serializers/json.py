"""JSON, as Apache Deltacloud wrote it, with owners' ids and actions added."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import orjson

from deltacloud_images.driver import Provider
from deltacloud_images.features import Feature
from deltacloud_images.models import HardwareProfile, Image, Instance, Key, Realm, StateMachine
from deltacloud_images.serializers.base import (
    API_VERSION,
    DriverEntry,
    EntryPoint,
    Failure,
    Serializer,
    image_links,
    instance_links,
    iso8601,
    key_links,
)
from deltacloud_images.serializers.links import Links, path_segment

Item = TypeVar("Item")
Document = Mapping[str, Any]

_SURROGATES = re.compile("[\ud800-\udfff]")


class JsonSerializer(Serializer):
    """Compact JSON."""

    content_type = "application/json"

    def welcome(self, links: Links) -> str:
        """One link."""
        return _text({"api": {"href": links.api}})

    def entry_point(self, entry: EntryPoint, links: Links) -> str:
        """``provider`` is ``default`` where none was chosen, as the original has it."""
        found = [
            {
                "rel": name,
                "href": links.collection(name),
                "features": [[_feature(feature)] for feature in entry.features_of(name)],
            }
            for name in entry.collections
        ]
        provider = entry.provider or "default"
        return _text({"api": {"version": API_VERSION, "driver": entry.driver, "provider": provider, "links": found}})

    def drivers(self, drivers: Sequence[DriverEntry], links: Links) -> str:
        """Under their own name, like every other collection."""
        return _text({"drivers": [_driver(each, links) for each in drivers]})

    def driver(self, driver: DriverEntry, links: Links) -> str:
        """One driver."""
        return _text({"driver": _driver(driver, links)})

    def images(self, images: Iterable[Image], links: Links) -> Iterator[str]:
        """One chunk an image."""
        return _list("images", images, lambda image: _image(image, links))

    def image(self, image: Image, links: Links) -> str:
        """One image."""
        return _text({"image": _image(image, links)})

    def instances(self, instances: Iterable[Instance], links: Links) -> Iterator[str]:
        """One chunk an instance."""
        return _list("instances", instances, lambda instance: _instance(instance, links))

    def instance(self, instance: Instance, links: Links) -> str:
        """One instance."""
        return _text({"instance": _instance(instance, links)})

    def changed_instance(self, instance: Instance, links: Links) -> str:
        """Return the members at the top level, where PyPI's client looks for them, and under ``instance``."""
        document = _instance(instance, links)
        return _text({**document, "instance": document})

    def hardware_profiles(self, profiles: Iterable[HardwareProfile], links: Links) -> Iterator[str]:
        """One chunk a profile."""
        return _list("hardware_profiles", profiles, lambda profile: _profile(profile, links))

    def hardware_profile(self, profile: HardwareProfile, links: Links) -> str:
        """One profile."""
        return _text({"hardware_profile": _profile(profile, links)})

    def realms(self, realms: Iterable[Realm], links: Links) -> Iterator[str]:
        """One chunk a realm."""
        return _list("realms", realms, lambda realm: _realm(realm, links))

    def realm(self, realm: Realm, links: Links) -> str:
        """One realm."""
        return _text({"realm": _realm(realm, links)})

    def keys(self, keys: Iterable[Key], links: Links) -> Iterator[str]:
        """One chunk a key pair."""
        return _list("keys", keys, lambda key: _key(key, links))

    def key(self, key: Key, links: Links) -> str:
        """One key pair."""
        return _text({"key": _key(key, links)})

    def instance_states(self, states: StateMachine, links: Links) -> str:
        """A bare list, as the original has it."""
        return _text(
            [
                {
                    "name": state,
                    "transitions": [
                        {"to": each.to, "action": each.action} if each.action else {"to": each.to, "auto": "true"}
                        for each in states.transitions
                        if each.origin == state
                    ],
                }
                for state in states.states
            ]
        )

    def error(self, failure: Failure, links: Links) -> str:
        """A bare object, as the original has it."""
        return _text({"code": failure.status, "message": failure.message, "error": failure.name})


def _text(document: object) -> str:
    try:
        return orjson.dumps(document).decode()
    except orjson.JSONEncodeError:  # lone surrogates, which no Unicode text has
        return orjson.dumps(_mended(document)).decode()


def _mended(document: Any) -> Any:
    if isinstance(document, str):
        return _SURROGATES.sub("", document)
    if isinstance(document, dict):
        return {name: _mended(value) for name, value in document.items()}
    return [_mended(each) for each in document] if isinstance(document, list) else document


def _list(name: str, items: Iterable[Item], write: Callable[[Item], Document]) -> Iterator[str]:
    yield f'{{"{name}":['
    comma = ""
    for item in items:
        yield comma + _text(write(item))
        comma = ","
    yield "]}"


def _image(image: Image, links: Links) -> Document:
    document = {
        "id": image.id,
        "href": links.member("images", image.id),
        "name": image.name,
        "description": image.description,
        "owner": image.owner_id,
        "owner_id": image.owner_id,
        "architecture": image.architecture,
        "state": image.state,
        "root_type": image.root_type,
        "hardware_profiles": _linked_profiles(image.hardware_profiles, links.api),
        "actions": _actions(image_links(image, links)),
    }
    if image.creation_time:
        document["creation_time"] = iso8601(image.creation_time)
    return document


@lru_cache(maxsize=1024)
def _linked_profiles(profile_ids: tuple[str, ...], api: str) -> orjson.Fragment:
    linked = [
        {"id": each, "href": f"{api}/hardware_profiles/{path_segment(each)}", "rel": "hardware_profile"}
        for each in profile_ids
    ]
    return orjson.Fragment(_text(linked))


def _actions(actions: Iterable[tuple[str, str, str]]) -> list[Document]:
    return [{"rel": rel, "method": method, "href": href} for rel, method, href in actions]


def _reference(collection: str, rel: str, member_id: str, links: Links) -> dict[str, Any]:
    return {"id": member_id, "href": links.member(collection, member_id), "rel": rel}


def _instance(instance: Instance, links: Links) -> Document:
    login = instance.authentication
    fields = {"keyname": login.keyname, "username": login.username, "password": login.password}
    document = {
        "id": instance.id,
        "href": links.member("instances", instance.id),
        "name": instance.name,
        "state": instance.state,
        "owner": instance.owner_id,
        "owner_id": instance.owner_id,
        "image": _reference("images", "image", instance.image_id, links),
        "realm": _reference("realms", "realm", instance.realm_id, links),
        "hardware_profile": {
            **_reference("hardware_profiles", "hardware_profile", instance.hardware_profile_id, links),
            "properties": {each.name: each.value for each in instance.overrides},
        },
        "actions": _actions(instance_links(instance.id, instance.actions, instance.can_create_image, links.api)),
        "public_addresses": [{"address": each.address, "type": each.type} for each in instance.public_addresses],
        "private_addresses": [{"address": each.address, "type": each.type} for each in instance.private_addresses],
        "storage_volumes": [],
        "create_image": instance.can_create_image,
        "authentication_type": login.type,
        "authentication": {name: value for name, value in fields.items() if value},
    }
    if instance.launch_time:
        document["launch_time"] = iso8601(instance.launch_time)
    return document


def _profile(profile: HardwareProfile, links: Links) -> Document:
    return {
        "id": profile.id,
        "href": links.member("hardware_profiles", profile.id),
        "name": profile.name,
        "properties": {each.name: each.value for each in profile.properties},
    }


def _realm(realm: Realm, links: Links) -> Document:
    return {
        "id": realm.id,
        "href": links.member("realms", realm.id),
        "name": realm.name,
        "state": realm.state,
        "limit": realm.limit or "unlimited",
    }


def _key(key: Key, links: Links) -> Document:
    document = {
        "id": key.id,
        "href": links.member("keys", key.id),
        "type": "key",
        "state": "AVAILABLE",
        "fingerprint": key.fingerprint,
        "pem_rsa_key": key.pem or None,  # which PyPI's client requires of every key
        "actions": _actions(key_links(key, links)),
    }
    if key.pem:
        document["pem"] = key.pem
    return document


def _driver(driver: DriverEntry, links: Links) -> Document:
    return {
        "id": driver.id,
        "href": links.member("drivers", driver.id),
        "name": driver.name,
        "providers": [_provider(each) for each in driver.providers],
    }


def _provider(provider: Provider) -> Document:
    return {"id": provider.id, "entrypoints": dict(provider.entrypoints)}


def _feature(feature: Feature) -> Document:
    return {
        "name": feature.name,
        "rel": feature.rel,
        "params": [f"{each.name}:string:optional" for each in feature.params],
        "constraints": {},
    }
