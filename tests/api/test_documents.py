"""The documents that describe the API: OpenAPI, RELAX NG and the page for people."""

import json
from typing import Any

import jsonschema
import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree, html
from openapi_spec_validator import validate

from deltacloud_images import create_app
from deltacloud_images.config import Settings
from deltacloud_images.testing.documents import check_xml

DRIVERS = ("mock", "ec2", "openstack", "rackspace", "vsphere", "rhevm", "lxd", "fgcp")


@pytest.fixture(scope="module")
def every_driver() -> Flask:
    """An application whose drivers all have a provider."""
    openstack = {"providers": {"one": {"auth_url": "https://cloud.example:5000/v3"}}}
    vsphere = {"providers": {"one": {"host": "vcenter.example"}}}
    rhevm = {"providers": {"one": {"url": "https://engine.example/ovirt-engine/api"}}}
    lxd = {"providers": {"one": {"url": "https://lxd.example:8443"}}}
    return create_app(Settings(drivers={"openstack": openstack, "vsphere": vsphere, "rhevm": rhevm, "lxd": lxd}))


def openapi(app: Flask, driver: str) -> Any:
    response = app.test_client().get(f"/api;driver={driver}/openapi.json")
    assert (response.status_code, response.content_type) == (200, "application/json"), response.text
    return response.get_json()


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_document_is_openapi(every_driver: Flask, driver: str) -> None:
    document = openapi(every_driver, driver)
    validate(document)
    assert document["openapi"] == "3.1.1"
    assert document["servers"] == [{"url": f"http://localhost/api;driver={driver}"}]


def examples(document: Any) -> list[tuple[str, Any, Any]]:
    """The media type, schema and example of every response that has one."""
    return [
        (kind, content["schema"], content["example"])
        for path in document["paths"].values()
        for operation in path.values()
        for response in operation["responses"].values()
        for kind, content in response.get("content", {}).items()
        if "example" in content
    ]


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_examples_are_as_the_schemas_say(every_driver: Flask, driver: str) -> None:
    document = openapi(every_driver, driver)
    found = examples(document)
    assert len(found) > 10
    for kind, schema, example in found:
        if kind == "application/json":
            jsonschema.validate(example, {**schema, "components": document["components"]})
        else:
            check_xml(example.encode())


def test_a_driver_has_the_operations_that_it_serves(every_driver: Flask) -> None:
    mock = openapi(every_driver, "mock")["paths"]
    assert {f"{method} {path}" for path, methods in mock.items() for method in methods} == {
        "get /",
        "get /docs",
        "get /openapi.json",
        "get /schema.rng",
        "get /drivers",
        "get /drivers/{name}",
        "get /instance_states",
        "get /images",
        "post /images",
        "get /images/{image_id}",
        "delete /images/{image_id}",
        "get /instances",
        "post /instances",
        "get /instances/{instance_id}",
        "delete /instances/{instance_id}",
        "post /instances/{instance_id}/{action}",
        "get /hardware_profiles",
        "get /hardware_profiles/{profile_id}",
        "get /realms",
        "get /realms/{realm_id}",
        "get /keys",
        "post /keys",
        "get /keys/{key_id}",
        "delete /keys/{key_id}",
    }
    vsphere = openapi(every_driver, "vsphere")["paths"]
    assert mock.keys() - vsphere.keys() == {"/keys", "/keys/{key_id}"}


def test_a_driver_s_own_parameters_are_described(every_driver: Flask) -> None:
    paths = openapi(every_driver, "ec2")["paths"]
    destroy = {each.get("name"): each for each in paths["/images/{image_id}"]["delete"]["parameters"]}
    assert destroy["delete_snapshots"]["schema"] == {"type": "string", "enum": ["true", "false"]}
    launch = paths["/instances"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert launch["required"] == ["image_id"]
    assert launch["properties"]["instance_count"]["type"] == "integer"
    assert list(launch["patternProperties"]) == ["^firewalls"]


def test_credentials_are_asked_for_where_they_are_needed(every_driver: Flask) -> None:
    document = openapi(every_driver, "mock")
    security = {
        path: methods["get"].get("security", document["security"])
        for path, methods in document["paths"].items()
        if "get" in methods
    }
    assert security["/"] == security["/drivers"] == security["/openapi.json"] == [{}]
    assert security["/hardware_profiles"] == [{}, {"basic": []}]
    assert security["/images"] == [{"basic": []}]
    assert openapi(every_driver, "ec2")["paths"]["/hardware_profiles"]["get"].get("security") is None


def test_documents_need_no_credentials_and_have_an_etag(app: Flask) -> None:
    client = app.test_client()
    for path, kind in (
        ("openapi.json", "application/json"),
        ("schema.rng", "application/xml"),
        ("docs", "text/html; charset=utf-8"),
    ):
        response = client.get(f"/api/{path}")
        assert (response.status_code, response.content_type) == (200, kind)
        again = client.get(f"/api/{path}", headers={"If-None-Match": response.headers["ETag"]})
        assert again.status_code == 304


def test_the_xml_schema_refuses_what_is_not_of_the_api(client: FlaskClient) -> None:
    schema = etree.RelaxNG(etree.fromstring(client.get("/api/schema.rng").data))
    image = client.get("/api/images/img1").data
    assert schema.validate(etree.fromstring(image))
    for old, new in ((b"<state>", b"<status>"), (b" id='img1'", b""), (b"persistent", b"other"), (b"transient", b"x")):
        changed = image.replace(old, new).replace(b"</state>", b"</status>" if new == b"<status>" else b"</state>")
        assert changed == image or not schema.validate(etree.fromstring(changed)), new


def test_the_page_shows_every_operation_with_a_command(client: FlaskClient, every_driver: Flask) -> None:
    page: Any = html.fromstring(client.get("/api/docs").text)
    headings = [each.text_content() for each in page.xpath("//section/h3")]
    paths = json.loads(client.get("/api/openapi.json").data)["paths"]
    expected = {
        f"{method.upper()} /api{path if path != '/' else ''}" for path, methods in paths.items() for method in methods
    }
    assert sorted(headings) == sorted(expected)
    commands = [each.text_content() for each in page.xpath("//section/pre")]
    assert "curl -u user:password http://localhost:3001/api/images" in commands
    assert "curl -u user:password -d instance_id=... http://localhost:3001/api/images" in commands
    assert "curl http://localhost:3001/api/drivers" in commands
