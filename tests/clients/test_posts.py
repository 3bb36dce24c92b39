"""Every way in which clients were seen to send a POST, over a raw socket: all save the same image."""

import json
import socket
from collections.abc import Iterator

import pytest

from tests.clients.conftest import Server
from tests.clients.facts import IMAGES, Facts
from tests.clients.wire import Answer, basic, receive, request

FORM = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"
MULTIPART = "Content-Type: multipart/form-data; boundary=B"
EMPTY = "Content-Length: 0"
QUERY = "/api/images?instance_id=inst1&name=a+%26+b"


def part(name: str, value: str) -> str:
    return f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


PARTS = part("instance_id", "inst1") + part("name", "a & b")
#: Target, headers and body; ``Content-Length`` is added where the headers have none and the body is not empty.
POSTS: dict[str, tuple[str, list[str], str]] = {
    "parameters in the query": (QUERY, [EMPTY], ""),
    "parameters in the query, no length": (QUERY, [], ""),
    "parameters in the query, a form's type": (QUERY, [FORM, EMPTY], ""),
    "parameters in the query, no length, a misspelt type": (
        QUERY,
        ["Content-Type: application/x-www-form-encoded"],
        "",
    ),
    "parameters in the query, an empty body of JSON": (QUERY, [JSON, EMPTY], ""),
    "parameters in the query, an empty body of JSON without length": (QUERY, [JSON], ""),
    "parameters in the query, a blank body": (QUERY, [FORM], "\r\n"),
    "a form": ("/api/images", [FORM], "instance_id=inst1&name=a+%26+b"),
    "a form with percent-encoded blanks": ("/api/images", [FORM], "instance_id=inst1&name=a%20%26%20b"),
    "a form with a charset": ("/api/images", [f"{FORM}; charset=UTF-8"], "instance_id=inst1&name=a+%26+b"),
    "a form without a type": ("/api/images", [], "instance_id=inst1&name=a+%26+b"),
    "a form of the misspelt type": (
        "/api/images",
        ["Content-Type: application/x-www-form-encoded"],
        "instance_id=inst1&name=a+%26+b",
    ),
    "a form that ends in a line": ("/api/images", [FORM], "instance_id=inst1&name=a+%26+b\r\n"),
    "a form whose names stand in body[]": ("/api/images", [FORM], "body[instance_id]=inst1&body[name]=a+%26+b&headers"),
    "a multipart body": ("/api/images", [MULTIPART], f"{PARTS}--B--\r\n"),
    "a multipart body that ends askew": ("/api/images", [MULTIPART], f"{PARTS}--B--\n\r"),
    "a multipart body that ends at once": ("/api/images", [MULTIPART], f"{PARTS}--B--"),
    "a JSON object": ("/api/images", [JSON], '{"instance_id": "inst1", "name": "a & b"}'),
    "a JSON object with a charset": (
        "/api/images",
        [f"{JSON}; charset=utf-8"],
        '{"instance_id": "inst1", "name": "a & b", "description": null}',
    ),
    "a link": ("/api/images;instance_id=inst1?name=a+%26+b", [EMPTY], ""),
    "a link without a length": ("/api/images;instance_id=inst1;name=a%20%26%20b", [], ""),
    "a link and a form": ("/api/images;instance_id=inst1", [FORM], "name=a+%26+b"),
    "a link, a query and a form": ("/api/images;instance_id=inst1?name=other", [FORM], "name=a+%26+b"),
    "a form before a query": ("/api/images?instance_id=inst9&name=c", [FORM], "instance_id=inst1&name=a+%26+b"),
    "a query before a link": ("/api/images;instance_id=inst9?instance_id=inst1&name=a+%26+b", [EMPTY], ""),
    "unknown parameters": (f"{QUERY}&commit=create&_=123&key_name=&utf8=%E2%9C%93", [EMPTY], ""),
    "parameters without a value": (f"{QUERY}&hwp_id&realm_id", [FORM], "description&hwp_id"),
    "empty values that yield to others": (QUERY, [FORM], "name=&instance_id="),
    "an empty driver and provider": (QUERY, ["X-Deltacloud-Driver:", "X-Deltacloud-Provider: ", EMPTY], ""),
    "a driver in capitals": (QUERY, ["X-Deltacloud-Driver: MOCK", EMPTY], ""),
    "a driver in the path": ("/api;driver=mock/images?instance_id=inst1&name=a+%26+b", [EMPTY], ""),
    "chunks": (
        "/api/images",
        [FORM, "Transfer-Encoding: chunked"],
        "12\r\ninstance_id=inst1&\r\nc\r\nname=a+%26+b\r\n0\r\n\r\n",
    ),
    "no chunk at all": (QUERY, [FORM, "Transfer-Encoding: chunked"], "0\r\n\r\n"),
    "headers that were meant for something else": (QUERY, ['Headers: {:accept=>"json"}', EMPTY], ""),
    "an encoded path": ("/api/%69mages?instance_id=inst1&name=a+%26+b", [EMPTY], ""),
    "the whole address as the target": ("http://other.example{QUERY}".replace("{QUERY}", QUERY), [EMPTY], ""),
}


def post(server: Server, target: str, headers: list[str], body: str, accept: str = "application/json") -> Answer:
    framed = any(each.split(":")[0] in ("Content-Length", "Transfer-Encoding") for each in headers)
    length = [] if framed or not body else [f"Content-Length: {len(body)}"]
    return server.call(f"POST {target}", f"Accept: {accept}", *headers, *length, body=body.encode())


def images(server: Server) -> list[Facts]:
    listed: list[Facts] = json.loads(server.call("GET /api/images?format=json").body)["images"]
    return [each for each in listed if each["id"] not in IMAGES]


@pytest.fixture(autouse=True)
def _tidy(server: Server) -> Iterator[None]:
    """Delete what a test has saved."""
    yield
    for each in images(server):
        assert server.call(f"DELETE /api/images/{each['id']}").status == 204


@pytest.mark.parametrize("how", POSTS)
def test_saves_an_image_from(server: Server, how: str) -> None:
    answer = post(server, *POSTS[how])
    assert answer.status == 201, answer.body
    made = json.loads(answer.body)["image"]
    assert (made["name"], made["description"], made["owner_id"]) == ("a & b", "", "mockuser")
    assert [(each["id"], each["name"]) for each in images(server)] == [(made["id"], "a & b")]


def test_launches_with_every_parameter_in_the_query_and_an_empty_body(server: Server) -> None:
    target = "/api/instances?keyname=k&key_name=k&name=n&image_id=img1&hwp_id=m1-large&realm_id=eu&hwp_memory=8000"
    answer = post(server, f"{target}&hwp_storage=1024&hwp_cpu=2&commit=create", [FORM, EMPTY], "")
    made = json.loads(answer.body)["instance"]
    assert (made["name"], made["image"]["id"], made["realm"]["id"]) == ("n", "img1", "eu")
    assert made["hardware_profile"]["properties"] == {"cpu": "2", "memory": "8000", "storage": "1024"}
    assert made["authentication"] == {"keyname": "k"}
    assert post(server, f"/api/instances/{made['id']}/stop", [], "").status == 202
    assert server.call(f"DELETE /api/instances/{made['id']}").status == 204


@pytest.mark.parametrize("size", ["m1-small;hwp_memory=1", "m1-large;hwp_memory=99999", "m1-large;hwp_storage=900"])
def test_refuses_a_size_that_the_profile_does_not_allow(server: Server, size: str) -> None:
    answer = post(server, f"/api/instances;image_id=img1;hwp_id={size}", [EMPTY], "")
    assert (answer.status, json.loads(answer.body)["error"]) == (400, "ValidationFailure")


def test_waits_with_a_body_until_the_server_wants_it(server: Server) -> None:
    body = b"instance_id=inst1&name=a+%26+b"
    head = request(
        "POST /api/images HTTP/1.1",
        f"Host: {server.host}",
        basic("mockuser"),
        FORM,
        f"Content-Length: {len(body)}",
        "Expect: 100-continue",
    )
    with socket.create_connection(server.address, timeout=60) as connection:
        connection.sendall(head)
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert receive(connection, "POST").status == 201


def test_sends_one_after_another_on_one_connection(server: Server) -> None:
    """The end of each request is where the next begins, however its body was framed and whether it was wanted."""
    sent = [POSTS[how] for how in ("a form", "a multipart body that ends askew", "chunks", "a JSON object")]
    sent += [("/api/nothing", [FORM], "ignored=1"), ("/api/images/img1", [FORM], "a=b"), POSTS["a link"]]
    statuses = []
    with socket.create_connection(server.address, timeout=60) as connection:
        for target, headers, body in sent:
            length = [] if EMPTY in headers or "chunked" in str(headers) else [f"Content-Length: {len(body)}"]
            head = [f"Host: {server.host}", basic("mockuser"), *headers, *length]
            connection.sendall(request(f"POST {target} HTTP/1.1", *head, body=body.encode()))
            statuses.append(receive(connection, "POST").status)
    assert statuses == [201, 201, 201, 201, 404, 405, 201]
    assert len(images(server)) == 5


@pytest.mark.parametrize("method", ["delete", "DELETE"])
def test_deletes_by_a_form(server: Server, method: str) -> None:
    made = json.loads(post(server, QUERY, [EMPTY], "").body)["image"]
    answer = post(server, f"/api/images/{made['id']}", [FORM], f"_method={method}", accept="text/html")
    assert (answer.status, answer.headers["Location"]) == (303, f"{server.api}/images")
    assert images(server) == []


@pytest.mark.parametrize("header", ["Sec-Fetch-Site: cross-site", "Origin: http://elsewhere.example", "Origin: null"])
def test_refuses_what_a_browser_marks_as_cross_site(server: Server, header: str) -> None:
    assert post(server, QUERY, [header, EMPTY], "").status == 403
    assert images(server) == []


@pytest.mark.parametrize(
    ("target", "headers", "body"),
    [
        ("/api/images", [EMPTY], ""),
        ("/api/images?instance_id=", [EMPTY], ""),
        ("/api/images", [JSON], '["inst1"]'),
        ("/api/images", [JSON], "{"),
        ("/api/images", [FORM], "instance_id=%ff"),
        ("/api/images", ["Content-Type: text/plain"], "instance_id=inst1"),
        ("/api/images", [MULTIPART], part("instance_id", "inst1")),
        ("/api/images?instance_id=inst1&instance_id=inst2", [EMPTY], ""),
        ("/api/images;instance_id=%zz", [EMPTY], ""),
        ("/api/images?instance_id=%ff", [EMPTY], ""),
    ],
)
def test_refuses_what_says_no_instance(server: Server, target: str, headers: list[str], body: str) -> None:
    answer = post(server, target, headers, body)
    assert (answer.status, json.loads(answer.body)["error"]) == (400, "ValidationFailure")
    assert images(server) == []


@pytest.mark.parametrize(
    "target", ["/api/images/..%2Fimages%2Fimg3", "/api/images/%2e%2e", "/api/images/img3%2F", "/api/images/img3%00"]
)
def test_never_takes_an_encoded_path_for_another_resource(server: Server, target: str) -> None:
    assert server.call(f"DELETE {target}").status == 404
    assert server.call("GET /api/images/img3").status == 200
