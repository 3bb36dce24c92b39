"""Images: list, show, filter, create, destroy; whole documents."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree

from tests.conftest import client_of
from tests.web import basic

PROFILES = ("m1-small", "m1-large", "m1-xlarge", "opaque")


def image_xml(image_id: str, description: str, owner: str, architecture: str, pad: str = "") -> str:
    root = "http://localhost:3001/api"
    profiles = "".join(
        f"      <hardware_profile href='{root}/hardware_profiles/{each}' id='{each}' rel='hardware_profile'>"
        "</hardware_profile>\n"
        for each in PROFILES
    ).replace("      <", "    <")
    text = (
        f"<image href='{root}/images/{image_id}' id='{image_id}'>\n"
        f"  <name>{image_id}</name>\n"
        f"  <description>{description}</description>\n"
        f"  <owner_id>{owner}</owner_id>\n"
        f"  <architecture>{architecture}</architecture>\n"
        "  <state>AVAILABLE</state>\n"
        "  <creation_time>2012-10-25T12:27:53Z</creation_time>\n"
        f"  <hardware_profiles>\n{profiles}  </hardware_profiles>\n"
        "  <root_type>transient</root_type>\n"
        "  <actions>\n"
        f"    <link href='{root}/instances;image_id={image_id}' method='post' rel='create_instance' />\n"
        f"    <link href='{root}/images/{image_id}' method='delete' rel='destroy_image' />\n"
        "  </actions>\n"
        "</image>\n"
    )
    return "".join(pad + line for line in text.splitlines(keepends=True))


SEEDED = (
    ("img1", "Fedora 10", "fedoraproject", "x86_64"),
    ("img2", "Fedora 10", "fedoraproject", "i386"),
    ("img3", "JBoss", "mockuser", "i386"),
)
PROLOG = "<?xml version='1.0' encoding='utf-8' ?>\n"


def image_json(image_id: str, description: str, owner: str, architecture: str) -> dict[str, Any]:
    root = "http://localhost:3001/api"
    return {
        "id": image_id,
        "href": f"{root}/images/{image_id}",
        "name": image_id,
        "description": description,
        "owner": owner,
        "owner_id": owner,
        "architecture": architecture,
        "state": "AVAILABLE",
        "root_type": "transient",
        "creation_time": "2012-10-25T12:27:53Z",
        "hardware_profiles": [
            {"id": each, "href": f"{root}/hardware_profiles/{each}", "rel": "hardware_profile"} for each in PROFILES
        ],
        "actions": [
            {"rel": "create_instance", "method": "post", "href": f"{root}/instances;image_id={image_id}"},
            {"rel": "destroy_image", "method": "delete", "href": f"{root}/images/{image_id}"},
        ],
    }


def test_the_list_in_xml(client: FlaskClient) -> None:
    answer = client.get("/api/images")
    assert answer.status_code == 200
    assert answer.content_type == "application/xml"
    inner = "".join(image_xml(*each, pad="  ") for each in SEEDED)
    assert answer.text == f"{PROLOG}<images>\n{inner}</images>\n"


def test_the_list_in_json(client: FlaskClient) -> None:
    answer = client.get("/api/images?format=json")
    assert answer.content_type == "application/json"
    assert answer.get_json() == {"images": [image_json(*each) for each in SEEDED]}


@pytest.mark.parametrize("seeded", SEEDED, ids=lambda each: each[0])
def test_one_image(client: FlaskClient, seeded: tuple[str, str, str, str]) -> None:
    assert client.get(f"/api/images/{seeded[0]}").text == PROLOG + image_xml(*seeded)
    shown = client.get(f"/api/images/{seeded[0]}", headers={"Accept": "application/json"})
    assert shown.get_json() == {"image": image_json(*seeded)}


def ids(client: FlaskClient, query: str) -> list[str]:
    answer = client.get(f"/api/images?format=json&{query}")
    assert answer.status_code == 200
    return [image["id"] for image in answer.get_json()["images"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("id=img2", ["img2"]),
        ("id=unknown", []),
        ("owner_id=fedoraproject", ["img1", "img2"]),
        ("owner_id=self", ["img3"]),
        ("owner_id=mockuser", ["img3"]),
        ("owner_id=nobody", []),
        ("architecture=x86_64", ["img1"]),
        ("architecture=i386", ["img2", "img3"]),
        ("architecture=arm64", []),
        ("name=img3", ["img3"]),
        ("name=img*", ["img1", "img2", "img3"]),
        ("name=*g*3*", ["img3"]),
        ("name=**img1**", ["img1"]),
        ("name=???1", ["img1"]),
        ("name=*3*3", []),
        ("name=*?*?*?*?*?", []),
        ("name=[i]mg1", []),
        ("name=img", []),
        ("name=IMG1", []),
        ("name=?mg2", ["img2"]),
        ("state=AVAILABLE", ["img1", "img2", "img3"]),
        ("state=available", ["img1", "img2", "img3"]),
        ("state=PENDING", []),
        ("architecture=i386&owner_id=fedoraproject", ["img2"]),
        ("id=img1&architecture=i386", []),
        ("architecture=&owner_id=", ["img1", "img2", "img3"]),
        ("unknown=1&_=123", ["img1", "img2", "img3"]),
    ],
)
def test_filters(client: FlaskClient, query: str, expected: list[str]) -> None:
    assert ids(client, query) == expected


def test_filters_work_as_matrix_parameters(client: FlaskClient) -> None:
    listed = client.get("/api/images;architecture=i386;owner_id=fedoraproject?format=json").get_json()["images"]
    assert [image["id"] for image in listed] == ["img2"]


def test_an_empty_list(client: FlaskClient) -> None:
    assert client.get("/api/images?id=unknown").text == f"{PROLOG}<images>\n</images>\n"
    assert client.get("/api/images?id=unknown&format=json").text == '{"images":[]}'


def test_an_unknown_image_is_not_found(client: FlaskClient) -> None:
    answer = client.get("/api/images/nope")
    assert answer.status_code == 404
    assert answer.text == (
        "<error status='404' url='/api/images/nope'>\n"
        "  <backend driver='mock' provider='default'></backend>\n"
        "  <code>404</code>\n"
        "  <message><![CDATA[Image 'nope' was not found.]]></message>\n"
        "</error>\n"
    )
    assert client.get("/api/images/nope?format=json").get_json() == {
        "code": 404,
        "message": "Image 'nope' was not found.",
        "error": "ObjectNotFound",
    }


def test_create_and_destroy(client: FlaskClient) -> None:
    made = client.post("/api/images", data={"instance_id": "inst0", "name": "mine", "description": "of inst0"})
    assert made.status_code == 201
    assert made.headers["Location"] == "http://localhost:3001/api/images/img4"
    shown = client.get("/api/images/img4")
    assert made.text == shown.text
    image = etree.fromstring(shown.data)
    values = {name: image.findtext(name) for name in ("name", "description", "owner_id", "architecture", "state")}
    assert values == {
        "name": "mine",
        "description": "of inst0",
        "owner_id": "mockuser",
        "architecture": "x86_64",
        "state": "AVAILABLE",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", image.findtext("creation_time") or "")
    gone = client.delete("/api/images/img4")
    assert (gone.status_code, gone.data, gone.headers.get("Content-Type")) == (204, b"", None)
    assert client.get("/api/images/img4").status_code == 404
    assert client.delete("/api/images/img4").status_code == 404


def test_two_images_of_one_name_are_two_images(client: FlaskClient) -> None:
    made = [client.post("/api/images?instance_id=inst1&name=same").headers["Location"][-4:] for _ in range(2)]
    assert made == ["img4", "img5"]
    assert ids(client, "name=same") == ["img4", "img5"]


def test_ids_are_never_used_again(client: FlaskClient) -> None:
    client.post("/api/images?instance_id=inst1")
    client.delete("/api/images/img4")
    assert client.post("/api/images?instance_id=inst1").headers["Location"].endswith("/img5")


def test_create_takes_the_architecture_of_the_instances_image(client: FlaskClient) -> None:
    made = client.post("/api/images?instance_id=inst1&format=json").get_json()["image"]
    assert (made["architecture"], made["name"], made["description"]) == ("i386", "img4", "")


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("name=x", 400, "The parameter 'instance_id' is missing."),
        ("instance_id=", 400, "The parameter 'instance_id' is missing."),
        ("instance_id=nope", 404, "Instance 'nope' was not found."),
        ("instance_id=inst3", 409, "Instance 'inst3' cannot be saved as an image"),
    ],
)
def test_create_refuses(client: FlaskClient, query: str, status: int, words: str) -> None:
    answer = client.post(f"/api/images?format=json&{query}")
    assert answer.status_code == status
    assert words in answer.get_json()["message"]
    assert ids(client, "") == ["img1", "img2", "img3"]


def test_a_form_destroys_by_method_override_and_goes_back_to_the_list(client: FlaskClient) -> None:
    answer = client.post("/api/images/img3", data={"_method": "delete"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "http://localhost:3001/api/images"
    assert ids(client, "") == ["img1", "img2"]
    assert client.post("/api/images/img3", data={"_method": "DELETE"}).status_code == 404
    assert client.post("/api/images/img1", data={"_method": "put"}).status_code == 405
    assert client.post("/api/images/img1").status_code == 405
    assert ids(client, "") == ["img1", "img2"]


def test_another_accounts_image_is_shown_but_not_destroyed(app: Flask, client: FlaskClient) -> None:
    second = client_of(app, basic("second", "other"))
    shown = second.get("/api/images/img3?format=json").get_json()["image"]
    assert [each["rel"] for each in shown["actions"]] == ["create_instance"]
    refused = second.delete("/api/images/img3")
    assert refused.status_code == 403
    assert "belongs to another account" in refused.text
    assert ids(client, "") == ["img1", "img2", "img3"]
    assert second.get("/api/images?owner_id=self&format=json").get_json() == {"images": []}


NAMES = [
    "<script>alert(1)</script>",
    "a & b && c",
    'it\'s "quoted"',
    "emoji 🐧 ünï 漢字",
    "]]> and <![CDATA[",
    "tab\there, line\nfeed, return\rhere",
    "%3Cnot%20decoded%3E",
    "  blanks around  ",
]


@pytest.mark.parametrize("name", NAMES)
def test_any_text_survives_the_round_trip(client: FlaskClient, name: str) -> None:
    made = client.post("/api/images", data={"instance_id": "inst1", "name": name, "description": name})
    assert made.status_code == 201
    for path in ("/api/images/img4", "/api/images?id=img4"):
        image = etree.fromstring(client.get(path).data)
        image = image if image.tag == "image" else image[0]
        assert (image.findtext("name"), image.findtext("description")) == (name, name)
    assert client.get("/api/images/img4?format=json").get_json()["image"]["name"] == name


def test_characters_that_xml_cannot_carry_are_left_out_of_it_alone(client: FlaskClient) -> None:
    name = "a\x00b\x08c\x1fd\ufffee"
    client.post("/api/images", data={"instance_id": "inst1", "name": name})
    assert etree.fromstring(client.get("/api/images/img4").data).findtext("name") == "abcde"
    assert client.get("/api/images/img4?format=json").get_json()["image"]["name"] == name
