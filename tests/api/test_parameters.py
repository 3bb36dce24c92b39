"""Where the parameters of a POST may stand, and what is wrong with bad ones."""

import json

import pytest
from flask.testing import FlaskClient

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=XX"


def part(name: str, value: str) -> bytes:
    return f'--XX\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("/api/images?instance_id=inst1&name=n", None, b""),
        ("/api/images;instance_id=inst1;name=n", None, b""),
        ("/api/images;instance_id=inst1?name=n", "application/json", b""),
        ("/api/images", FORM, b"instance_id=inst1&name=n"),
        ("/api/images", None, b"instance_id=inst1&name=n"),
        ("/api/images", "application/x-www-form-encoded", b"instance_id=inst1&name=n"),
        ("/api/images", FORM + "; charset=utf-8", b"instance_id=inst1&name=n\r\n"),
        ("/api/images", MULTIPART, part("instance_id", "inst1") + part("name", "n") + b"--XX--\r\n"),
        ("/api/images", MULTIPART, part("instance_id", "inst1") + part("name", "n") + b"--XX--\n\r"),
        ("/api/images", MULTIPART, part("instance_id", "inst1") + part("name", "n") + b"--XX--"),
        ("/api/images", "application/json", b'{"instance_id": "inst1", "name": "n"}'),
        ("/api/images", "application/json; charset=utf-8", b'{"instance_id": "inst1", "name": "n", "other": null}'),
        ("/api/images?name=n", FORM, b"instance_id=inst1"),
        ("/api/images;instance_id=inst2?instance_id=inst3&name=q", FORM, b"instance_id=inst1&name=n"),
        ("/api/images;instance_id=inst2;name=m?instance_id=inst1&name=n", None, b""),
        ("/api/images?instance_id=inst1&name=n", FORM, b"instance_id=&name="),
        ("/api/images", FORM, b"commit=create&_=123&key_name=&flag&instance_id=inst1&name=n"),
        ("/api/images?commit=create&_=1&_=2&flag", FORM, b"instance_id=inst1&name=n"),
    ],
)
def test_parameters_may_stand_anywhere(client: FlaskClient, path: str, kind: str | None, body: bytes) -> None:
    answer = client.post(path, data=body, content_type=kind)
    assert answer.status_code == 201, answer.text
    image = client.get("/api/images/img4?format=json").get_json()["image"]
    assert (image["name"], image["architecture"]) == ("n", "i386")


def test_numbers_and_booleans_of_json_are_texts(client: FlaskClient) -> None:
    client.post("/api/images", json={"instance_id": "inst1", "name": 12, "description": True})
    image = client.get("/api/images/img4?format=json").get_json()["image"]
    assert (image["name"], image["description"]) == ("12", "true")


@pytest.mark.parametrize(
    ("path", "kind", "body", "words"),
    [
        ("?instance_id=inst1&instance_id=inst2", None, b"", "'instance_id' was given 2 times"),
        ("", FORM, b"instance_id=inst1&name=a&name=b&name=c", "'name' was given 3 times"),
        (";instance_id=inst1;instance_id=inst1", None, b"", "'instance_id' was given 2 times"),
        ("", "application/json", b'{"instance_id": "inst1", "instance_id": "inst2"}', "'instance_id' was given 2"),
        ("", "application/json", b"{", "not valid JSON"),
        ("", "application/json", b'{"instance_id": NaN}', "not valid JSON"),
        ("", "application/json", b"[" * 100_000, "not valid JSON"),
        ("", "application/json", b"\xff\xfe", "not valid JSON"),
        ("", "application/json", b'["instance_id"]', "not an object"),
        ("", "application/json", b'{"instance_id": ["inst1"]}', "neither a text nor a number"),
        ("", "application/json", b'{"instance_id": {"id": "inst1"}}', "neither a text nor a number"),
        ("", "application/json", b'{"instance_id": "inst1", "name": "\\ud800"}', "'name' of the JSON body is not Uni"),
        ("", MULTIPART, part("instance_id", "inst1"), "truncated or malformed"),
        ("", MULTIPART, b"--XX\r\nContent-Disp", "truncated or malformed"),
        ("", "multipart/form-data", b"--XX\r\n", "truncated or malformed"),
        ("", MULTIPART, b"", "'instance_id' is missing"),
        ("", FORM, b"instance_id=inst1&name=%ff", "body is not UTF-8"),
        ("", FORM, b"instance_id=inst1&name=\xff", "body is not UTF-8"),
        ("?instance_id=inst1&name=%ff", None, b"", "query string is not UTF-8"),
        ("", "application/xml", b"<image/>", "A body of type 'application/xml' is not understood"),
        ("", FORM, b"&".join(b"a%d=1" % number for number in range(1001)), "more than 1000 parameters"),
    ],
)
def test_bad_parameters_are_a_400_that_says_why(
    client: FlaskClient, path: str, kind: str | None, body: bytes, words: str
) -> None:
    answer = client.post(f"/api/images{path}", data=body, content_type=kind, headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert words in answer.get_json()["message"]
    assert len(client.get("/api/images?format=json").get_json()["images"]) == 3


def test_a_body_over_the_limit_is_413(client: FlaskClient) -> None:
    limit = 1024 * 1024
    for path, kind in (("/api/images", FORM), ("/api/images", MULTIPART), ("/api/instances", "application/json")):
        body = b"instance_id=inst1&name=" + b"x" * limit
        answer = client.post(path, data=body, content_type=kind)
        assert answer.status_code == 413
        assert f"exceeds the limit of {limit} bytes" in answer.text
    long = "x" * (limit - 200)
    assert client.post("/api/images", data={"instance_id": "inst1", "name": long}).status_code == 201
    document = json.loads(client.get("/api/images/img4?format=json").data)
    assert document["image"]["name"] == long
