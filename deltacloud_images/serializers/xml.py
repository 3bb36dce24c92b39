"""XML, as Apache Deltacloud wrote it: single-quoted attributes, two blanks a level, prepared text with escaped values.

Old shell scripts match on this text, so the order of elements and the white space are part of the contract.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from deltacloud_images.driver import Provider
from deltacloud_images.models import (
    Address,
    Authentication,
    HardwareProfile,
    Image,
    Instance,
    Key,
    Property,
    Realm,
    StateMachine,
)
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
from deltacloud_images.serializers.escaping import SPECIAL, cdata, escape
from deltacloud_images.serializers.links import Links, path_segment
from deltacloud_images.serializers.xml_parts import PROLOG, actions, elements, reference

_NO_LOGIN = Authentication()


class XmlSerializer(Serializer):
    """The API's primary format."""

    content_type = "application/xml"

    def welcome(self, links: Links) -> str:
        """One link."""
        return f"<link href='{links.api}' rel='api' />\n"

    def entry_point(self, entry: EntryPoint, links: Links) -> str:
        """Without a prolog, as the original has it."""
        provider = f" provider='{escape(entry.provider)}'" if entry.provider else ""
        lines = [f"<api driver='{escape(entry.driver)}'{provider} version='{API_VERSION}'>"]
        for name in entry.collections:
            lines.append(f"  <link href='{links.collection(name)}' rel='{name}'>")
            for feature in entry.features_of(name):
                lines.append(f"    <feature name='{escape(feature.name)}' rel='{feature.rel}'>")
                lines += [f"      <param name='{escape(each.name)}' />" for each in feature.params]
                lines.append("    </feature>")
            lines.append("  </link>")
        return "\n".join([*lines, "</api>\n"])

    def drivers(self, drivers: Sequence[DriverEntry], links: Links) -> str:
        """Providers by their ids alone."""
        inner = "".join(_driver(each, links, "  ", _provider) for each in drivers)
        return f"<drivers>\n{inner}</drivers>\n"

    def driver(self, driver: DriverEntry, links: Links) -> str:
        """Providers with their entry points."""
        return _driver(driver, links, "", _provider_with_entrypoints)

    def images(self, images: Iterable[Image], links: Links) -> Iterator[str]:
        """One chunk an image."""
        return elements("images", images, lambda image: _image(image, links, "  "))

    def image(self, image: Image, links: Links) -> str:
        """One image."""
        return PROLOG + _image(image, links, "")

    def instances(self, instances: Iterable[Instance], links: Links) -> Iterator[str]:
        """One chunk an instance."""
        return elements("instances", instances, lambda instance: _instance(instance, links, "  "))

    def instance(self, instance: Instance, links: Links) -> str:
        """One instance."""
        return PROLOG + _instance(instance, links, "")

    def hardware_profiles(self, profiles: Iterable[HardwareProfile], links: Links) -> Iterator[str]:
        """One chunk a profile."""
        return elements("hardware_profiles", profiles, lambda profile: _profile(profile, links, "  "))

    def hardware_profile(self, profile: HardwareProfile, links: Links) -> str:
        """One profile."""
        return PROLOG + _profile(profile, links, "")

    def realms(self, realms: Iterable[Realm], links: Links) -> Iterator[str]:
        """One chunk a realm."""
        return elements("realms", realms, lambda realm: _realm(realm, links, "  "))

    def realm(self, realm: Realm, links: Links) -> str:
        """One realm."""
        return PROLOG + _realm(realm, links, "")

    def keys(self, keys: Iterable[Key], links: Links) -> Iterator[str]:
        """One chunk a key pair."""
        return elements("keys", keys, lambda key: _key(key, links, "  "))

    def key(self, key: Key, links: Links) -> str:
        """One key pair."""
        return PROLOG + _key(key, links, "")

    def instance_states(self, states: StateMachine, links: Links) -> str:
        """Without a prolog, as the original has it."""
        lines = ["<states>"]
        for state in states.states:
            lines.append(f"  <state name='{state}'>")
            for each in states.transitions:
                if each.origin == state:
                    how = f"action='{each.action}'" if each.action else "auto='true'"
                    lines.append(f"    <transition {how} to='{each.to}'></transition>")
            lines.append("  </state>")
        return "\n".join([*lines, "</states>\n"])

    def error(self, failure: Failure, links: Links) -> str:
        """Begins with ``<error`` at its first byte: a C client knows errors by that alone."""
        return (
            f"<error status='{failure.status}' url='{escape(failure.path)}'>\n"
            f"  <backend driver='{escape(failure.driver)}' provider='{escape(failure.provider)}'></backend>\n"
            f"  <code>{failure.status}</code>\n"
            f"  <message>{cdata(failure.message)}</message>\n"
            "</error>\n"
        )


def _image(image: Image, links: Links, pad: str) -> str:
    api, created = links.api, image.creation_time
    href = path_segment(image.id)
    texts = (image.id, image.name, image.description, image.owner_id, image.architecture, image.state)
    # One search for all, since nearly every image has nothing to escape.
    escaped = [escape(each) for each in texts] if SPECIAL.search("".join(texts)) else texts
    image_id, name, description, owner_id, architecture, state = escaped
    when = f"{pad}  <creation_time>{iso8601(created)}</creation_time>\n" if created else ""
    return (
        f"{pad}<image href='{api}/images/{href}' id='{image_id}'>\n"
        f"{pad}  <name>{name}</name>\n"
        f"{pad}  <description>{description}</description>\n"
        f"{pad}  <owner_id>{owner_id}</owner_id>\n"
        f"{pad}  <architecture>{architecture}</architecture>\n"
        f"{pad}  <state>{state}</state>\n"
        f"{when}"
        f"{_linked_profiles(image.hardware_profiles, api, pad)}"
        f"{pad}  <root_type>{image.root_type}</root_type>\n"
        f"{actions(image_links(image, links), pad)}"
        f"{pad}</image>\n"
    )


@lru_cache(maxsize=1024)
def _linked_profiles(profile_ids: tuple[str, ...], api: str, pad: str) -> str:
    linked = "".join(
        f"{pad}    <hardware_profile href='{api}/hardware_profiles/{path_segment(each)}'"
        f" id='{escape(each)}' rel='hardware_profile'></hardware_profile>\n"
        for each in profile_ids
    )
    return f"{pad}  <hardware_profiles>\n{linked}{pad}  </hardware_profiles>\n"


@lru_cache(maxsize=1024)
def _instance_actions(instance_id: str, offered: tuple[str, ...], can_create_image: bool, api: str, pad: str) -> str:
    return actions(instance_links(instance_id, offered, can_create_image, api), pad)


def _instance(instance: Instance, links: Links, pad: str) -> str:
    api, launched = links.api, instance.launch_time
    when = f"{pad}  <launch_time>{iso8601(launched)}</launch_time>\n" if launched else ""
    return (
        f"{pad}<instance {reference('instances', instance.id, api)}>\n"
        f"{pad}  <name>{escape(instance.name)}</name>\n"
        f"{pad}  <owner_id>{escape(instance.owner_id)}</owner_id>\n"
        f"{pad}  <image {reference('images', instance.image_id, api)}></image>\n"
        f"{pad}  <realm {reference('realms', instance.realm_id, api)}></realm>\n"
        f"{pad}  <state>{escape(instance.state)}</state>\n"
        f"{pad}  <hardware_profile {reference('hardware_profiles', instance.hardware_profile_id, api)}>\n"
        f"{''.join([_override(each, pad) for each in instance.overrides])}"
        f"{pad}  </hardware_profile>\n"
        f"{_instance_actions(instance.id, instance.actions, instance.can_create_image, api, pad)}"
        f"{when}"
        f"{pad}  <public_addresses>{_addresses(instance.public_addresses)}</public_addresses>\n"
        f"{pad}  <private_addresses>{_addresses(instance.private_addresses)}</private_addresses>\n"
        f"{pad}  <storage_volumes></storage_volumes>\n"
        f"{_authentication(instance, pad)}"
        f"{pad}</instance>\n"
    )


def _override(each: Property, pad: str) -> str:
    return f"{pad}    <property kind='fixed' name='{each.name}' value='{escape(each.value)}' unit='{each.unit}'/>\n"


def _addresses(addresses: Iterable[Address]) -> str:
    return "".join([f"<address type='{each.type}'>{escape(each.address)}</address>" for each in addresses])


def _authentication(instance: Instance, pad: str) -> str:
    login = instance.authentication
    inner = "" if login == _NO_LOGIN else _login(login, pad)
    return f"{pad}  <authentication type='{login.type}'>\n{inner}{pad}  </authentication>\n"


def _login(login: Authentication, pad: str) -> str:
    fields = {"keyname": login.keyname, "username": login.username, "password": login.password}
    given = "".join(f"{pad}      <{name}>{escape(value)}</{name}>\n" for name, value in fields.items() if value)
    return f"{pad}    <login>\n{given}{pad}    </login>\n"


def _profile(profile: HardwareProfile, links: Links, pad: str) -> str:
    return (
        f"{pad}<hardware_profile {reference('hardware_profiles', profile.id, links.api)}>\n"
        f"{pad}  <id>{escape(profile.id)}</id>\n"
        f"{pad}  <name>{escape(profile.name)}</name>\n"
        f"{''.join(_property(each, links, pad) for each in profile.properties)}"
        f"{pad}</hardware_profile>\n"
    )


def _property(each: Property, links: Links, pad: str) -> str:
    opening = f"{pad}  <property kind='{each.kind}' name='{each.name}' unit='{each.unit}' value='{escape(each.value)}'"
    if each.kind == "fixed":
        return f"{opening} />\n"
    href = links.collection("instances")
    if each.kind == "range":
        allowed = f"{pad}    <range first='{escape(each.first)}' last='{escape(each.last)}' />\n"
    else:
        entries = "".join(f"{pad}      <entry value='{escape(entry)}' />\n" for entry in each.entries)
        allowed = f"{pad}    <enum>\n{entries}{pad}    </enum>\n"
    return (
        f"{opening}>\n"
        f"{pad}    <param href='{href}' method='post' name='hwp_{each.name}' operation='create' />\n"
        f"{allowed}"
        f"{pad}  </property>\n"
    )


def _realm(realm: Realm, links: Links, pad: str) -> str:
    limit = f"{pad}  <limit>{escape(realm.limit)}</limit>\n" if realm.limit else ""
    return (
        f"{pad}<realm {reference('realms', realm.id, links.api)}>\n"
        f"{pad}  <name>{escape(realm.name)}</name>\n"
        f"{pad}  <state>{escape(realm.state)}</state>\n"
        f"{limit}"
        f"{pad}</realm>\n"
    )


def _key(key: Key, links: Links, pad: str) -> str:
    pem = f"{pad}  <pem>{cdata(key.pem)}</pem>\n" if key.pem else ""
    return (
        f"{pad}<key {reference('keys', key.id, links.api)} type='key'>\n"
        f"{actions(key_links(key, links), pad)}"
        f"{pad}  <fingerprint>{escape(key.fingerprint)}</fingerprint>\n"
        f"{pem}"
        f"{pad}  <state>AVAILABLE</state>\n"
        f"{pad}</key>\n"
    )


def _driver(driver: DriverEntry, links: Links, pad: str, write: Callable[[Provider, str], str]) -> str:
    providers = "".join(write(each, f"{pad}  ") for each in driver.providers)
    opening = f"{pad}<driver {reference('drivers', driver.id, links.api)}>\n{pad}  <name>{escape(driver.name)}</name>\n"
    return f"{opening}{providers}{pad}</driver>\n"


def _provider(provider: Provider, pad: str) -> str:
    return f"{pad}<provider id='{escape(provider.id)}'></provider>\n"


def _provider_with_entrypoints(provider: Provider, pad: str) -> str:
    points = "".join(
        f"{pad}  <entrypoint kind='{escape(kind)}'>{cdata(where)}</entrypoint>\n"
        for kind, where in provider.entrypoints.items()
    )
    return (
        f"{pad}<provider id='{escape(provider.id)}'>\n{points}{pad}</provider>\n"
        if points
        else _provider(provider, pad)
    )
