"""Whether what a driver returns is written as the API's documents say: its JSON and its XML."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

import jsonschema
from lxml import etree

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Capability
from deltacloud_images.models import ImageFilter, InstanceFilter
from deltacloud_images.serializers import SERIALIZERS, Links
from deltacloud_images.serializers.assets import relax_ng
from deltacloud_images.serializers.schemas import SCHEMAS, reference
from deltacloud_images.testing.base import Conformance
from deltacloud_images.testing.rig import Rig

_LINKS = Links("http://localhost:3001")


class DocumentConformance(Conformance):
    """All that the driver lists, as JSON and as XML."""

    def test_what_is_listed_is_as_the_documents_say(self, rig: Rig, catalog: Catalog) -> None:
        rig.seed_image()
        able = rig.driver.capabilities
        assert _checked("ImageList", "images", catalog.images(ImageFilter()))
        if Capability.INSTANCES in able:
            rig.seed_instance()
            assert _checked("InstanceList", "instances", catalog.instances(InstanceFilter()))
        if Capability.HARDWARE_PROFILES in able:
            assert _checked("HardwareProfileList", "hardware_profiles", catalog.hardware_profiles())
        if Capability.REALMS in able:
            assert _checked("RealmList", "realms", catalog.realms())
        if Capability.KEYS in able:
            _checked("KeyList", "keys", catalog.keys())
        _check_json("States", SERIALIZERS["json"].instance_states(rig.driver.states, _LINKS))
        check_xml(SERIALIZERS["xml"].instance_states(rig.driver.states, _LINKS).encode())


def _checked(schema: str, name: str, listed: Iterable[Any]) -> list[Any]:
    """Check a list as JSON and as XML, and return its members."""
    found = list(listed)
    _check_json(schema, "".join(getattr(SERIALIZERS["json"], name)(found, _LINKS)))
    check_xml("".join(getattr(SERIALIZERS["xml"], name)(found, _LINKS)).encode())
    return found


def _check_json(schema: str, text: str) -> None:
    check_json(schema, json.loads(text))


def check_json(schema: str, document: Any) -> None:
    """Raise ``jsonschema.ValidationError`` unless the document is as the schema of that name says."""
    _json_validator(schema).validate(document)


def check_xml(body: bytes) -> None:
    """Raise ``lxml.etree.DocumentInvalid`` unless the XML is as the RELAX NG schema says."""
    _xml_validator().assertValid(etree.fromstring(body, etree.XMLParser(huge_tree=True)))


@cache
def _json_validator(schema: str) -> Any:
    return jsonschema.Draft202012Validator({**reference(schema), "components": {"schemas": SCHEMAS}})


@cache
def _xml_validator() -> etree.RelaxNG:
    return etree.RelaxNG(etree.fromstring(relax_ng().encode()))
