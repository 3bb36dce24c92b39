"""Clients that lean on one detail of an answer."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from lxml import etree

from tests.clients.conftest import Server
from tests.clients.facts import COLLECTIONS
from tests.clients.wire import Answer, basic

XML = "Accept: application/xml"
JSON = "Accept: application/json"
READABLE = ["", *(f"/{name}" for name in COLLECTIONS)]
MEMBERS = ["/images/img1", "/instances/inst1", "/hardware_profiles/m1-large", "/realms/us", "/drivers/mock"]
#: Requests that fail, each with the status and the JSON name of its error.
FAILURES: Mapping[str, tuple[int, str]] = {
    "GET /api/images/unknown": (404, "ObjectNotFound"),
    "GET /api/nothing": (404, "ObjectNotFound"),
    "GET /api/images/": (404, "ObjectNotFound"),
    "DELETE /api/images/unknown": (404, "ObjectNotFound"),
    "POST /api/images": (400, "ValidationFailure"),
    "POST /api/images?instance_id=inst3": (409, "Conflict"),
    "POST /api/instances?image_id=unknown": (400, "ValidationFailure"),
    "POST /api/instances/inst1/start": (405, "MethodNotAllowed"),
    "PUT /api/images/img1": (405, "MethodNotAllowed"),
    "GET /api;driver=unknown/images": (400, "ValidationFailure"),
    "GET /api/images/%zz": (400, "ValidationFailure"),
}


@pytest.fixture
def image_id(server: Server) -> Iterator[str]:
    """A new image, deleted in the end."""
    answer = server.call("POST /api/images?instance_id=inst1&name=habit", "Content-Length: 0")
    new_id = answer.headers["Location"].rpartition("/")[2]
    yield new_id
    server.call(f"DELETE /api/images/{new_id}")


def links(server: Server) -> list[Any]:
    found: list[Any] = []
    for path in ("/images", "/images/img1", "/instances", "/instances/inst1"):
        found += etree.fromstring(server.call(f"GET /api{path}", XML).body).findall(".//link")
    return found


@pytest.mark.parametrize("line", FAILURES)
def test_one_that_ignores_the_status_knows_an_error_by_its_first_bytes(server: Server, line: str) -> None:
    body = server.call(line, XML, "Content-Length: 0").body
    assert body.startswith(b"<error")
    assert etree.fromstring(body).findtext("message")


def test_one_that_ignores_the_status_knows_missing_credentials_by_the_first_bytes(server: Server) -> None:
    assert server.send("GET /api/images HTTP/1.1", f"Host: {server.host}", XML).body.startswith(b"<error")


@pytest.mark.parametrize("path", READABLE + MEMBERS)
def test_one_that_ignores_the_status_takes_no_success_for_an_error(server: Server, path: str) -> None:
    answer = server.call(f"GET /api{path}", XML)
    assert answer.status == 200
    assert not answer.body.startswith(b"<error")


@pytest.mark.parametrize("line", ["POST /api/images?instance_id=inst1", "POST /api/instances?image_id=img1"])
@pytest.mark.parametrize("accept", [XML, JSON])
def test_one_that_takes_the_new_id_from_the_last_segment_of_location(server: Server, line: str, accept: str) -> None:
    answer = server.call(line, accept, "Content-Length: 0")
    new_id = answer.headers["Location"].rpartition("/")[2]
    collection = line.split("?")[0].removeprefix("POST ")
    shown = server.call(f"GET {collection}/{new_id}", accept)
    assert (answer.status, shown.status) == (201, 200)
    assert shown.body == answer.body
    if collection == "/api/instances":
        assert server.call(f"POST {collection}/{new_id}/stop", "Content-Length: 0").status == 202
    assert server.call(f"DELETE {collection}/{new_id}").status == 204


def test_one_that_takes_the_first_name_inside_an_image(server: Server, image_id: str) -> None:
    text = server.call("GET /api/images", XML).body.decode()
    found = [re.findall(r"<name>(.*?)</name>", image)[0] for image in text.split("<image ")[1:]]
    assert found == ["img1", "img2", "img3", "habit"]
    assert text.count("<name>") == len(found)


def test_one_that_needs_method_and_rel_on_every_link(server: Server) -> None:
    found = links(server)
    assert {(link.get("rel"), link.get("method")) for link in found} == {
        ("create_instance", "post"),
        ("destroy_image", "delete"),
        ("reboot", "post"),
        ("stop", "post"),
        ("create_image", "post"),
    }
    assert all(link.get("href").startswith(f"{server.api}/") for link in found)


def test_one_that_needs_the_links_of_the_entry_point_in_json_too(server: Server) -> None:
    xml = etree.fromstring(server.call("GET /api", XML).body)
    document = json.loads(server.call("GET /api", JSON).body)["api"]
    assert [(link["rel"], link["href"]) for link in document["links"]] == [
        (link.get("rel"), link.get("href")) for link in xml.findall("link")
    ]


@pytest.mark.parametrize("path", READABLE + MEMBERS)
def test_one_that_knows_only_json(server: Server, path: str) -> None:
    answer = server.call(f"GET /api{path}", JSON)
    assert answer.headers["Content-Type"] == "application/json"
    document = json.loads(answer.body)
    name = path.split("/")[1] if path else "api"
    if path == "/instance_states":
        assert [state["name"] for state in document] == ["start", "pending", "running", "stopped", "finish"]
    elif path in MEMBERS:
        assert document[name.removesuffix("s")]["id"] == path.rpartition("/")[2]
    else:
        assert document[name] or path == "/keys"  # which are none until one is created


@pytest.mark.parametrize("line", FAILURES)
def test_one_that_knows_only_json_reads_errors(server: Server, line: str) -> None:
    answer = server.call(line, JSON, "Content-Length: 0")
    document = json.loads(answer.body)
    assert document.keys() == {"code", "message", "error"}
    assert (answer.status, document["error"]) == FAILURES[line]
    assert document["code"] == answer.status


def test_one_that_knows_only_json_goes_the_round_trip(server: Server) -> None:
    """Every step follows what the one before it answered."""

    def follow(item: Mapping[str, Any], rel: str) -> Answer:
        [link] = [each for each in item["actions"] if each["rel"] == rel]
        target = link["href"].removeprefix(f"http://{server.host}")
        return server.call(f"{link['method'].upper()} {target}", JSON, "Content-Length: 0")

    first = json.loads(server.call("GET /api/instances/inst1", JSON).body)["instance"]
    image = json.loads(follow(first, "create_image").body)["image"]
    instance = json.loads(follow(image, "create_instance").body)["instance"]
    assert instance["image"]["id"] == image["id"]
    for action, state in (("reboot", "RUNNING"), ("stop", "STOPPED"), ("start", "RUNNING"), ("stop", "STOPPED")):
        answer = follow(instance, action)
        instance = json.loads(answer.body)["instance"]
        assert (answer.status, instance["state"]) == (202, state)
    assert [follow(instance, "destroy").status, follow(image, "destroy_image").status] == [204, 204]
    assert [follow(instance, "destroy").status, follow(image, "destroy_image").status] == [404, 404]


def test_one_that_reads_the_version_in_the_server_header(server: Server) -> None:
    for accept in (XML, JSON):
        assert server.call("GET /api", accept).headers.get_all("Server") == ["Apache-Deltacloud/1.1.3"]


def test_one_that_follows_links_on_the_driver_and_provider_of_its_first_path(server: Server) -> None:
    chosen = "/api;driver=mock;provider=eu%2Fwest"
    api: Any = etree.fromstring(server.call(f"GET {chosen}", XML).body)
    assert (api.get("driver"), api.get("provider")) == ("mock", "eu/west")
    [images] = api.xpath("link[@rel='images']/@href")
    assert images == f"http://{server.host}{chosen}/images"
    answer = server.call(f"GET {images.removeprefix(f'http://{server.host}')}", XML)
    assert answer.headers["X-Deltacloud-Provider"] == "eu/west"
    listed: Any = etree.fromstring(answer.body)
    every = listed.xpath("//@href")
    assert every
    assert all(href.startswith(f"http://{server.host}{chosen}/") for href in every)


def test_one_that_matches_lines_of_text(server: Server) -> None:
    lines = server.call("GET /api/images/img1", XML).body.decode().splitlines()
    assert lines[:6] == [
        "<?xml version='1.0' encoding='utf-8' ?>",
        f"<image href='{server.api}/images/img1' id='img1'>",
        "  <name>img1</name>",
        "  <description>Fedora 10</description>",
        "  <owner_id>fedoraproject</owner_id>",
        "  <architecture>x86_64</architecture>",
    ]


def test_one_that_asks_for_the_head_before_the_body(server: Server) -> None:
    whole, head = (server.call(f"{method} /api/images", XML) for method in ("GET", "HEAD"))
    assert head.body == b""
    volatile = ("Date", "X-Request-Id")
    assert [item for item in head.headers.items() if item[0] not in volatile] == [
        item for item in whole.headers.items() if item[0] not in volatile
    ]


def test_one_that_speaks_http_1_0_without_host(server: Server) -> None:
    answer = server.send("GET /api/images HTTP/1.0", basic("mockuser"), XML)
    assert answer.status == 200
    assert etree.fromstring(answer.body).xpath("image[1]/@href") == [f"{server.api}/images/img1"]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "application/xml"),
        ("*/*", "application/xml"),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "text/html; charset=utf-8"),
        ("application/json, text/javascript, */*; q=0.01", "application/json"),
        ("application/xml;q=1", "application/xml"),
        ("text/xml", "application/xml"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
    ],
)
def test_one_whose_stack_sets_accept(server: Server, accept: str | None, content_type: str) -> None:
    headers = [f"Accept: {accept}"] if accept else []
    assert server.call("GET /api", *headers).headers["Content-Type"] == content_type


def test_one_that_creates_a_key_launches_with_it_and_destroys_it(server: Server) -> None:
    form = "name=habit"
    made = server.call("POST /api/keys", XML, f"Content-Length: {len(form)}", body=form.encode())
    key = etree.fromstring(made.body)
    assert (made.status, key.get("id"), key.get("type")) == (201, "habit", "key")
    assert (key.findtext("pem") or "").startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    launched = server.call(f"POST /api/instances;image_id=img1?keyname={key.get('id')}", XML, "Content-Length: 0")
    assert etree.fromstring(launched.body).findtext("authentication/login/keyname") == "habit"
    new_id = etree.fromstring(launched.body).get("id")
    assert server.call(f"POST /api/instances/{new_id}/stop", "Content-Length: 0").status == 202
    assert server.call(f"DELETE /api/instances/{new_id}").status == 204
    (link,) = key.findall("actions/link")
    assert (link.get("rel"), link.get("method")) == ("destroy", "delete")
    assert server.call("DELETE /api/keys/habit").status == 204
