"""Errors: their formats, their statuses, and what they never tell."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree

from deltacloud_images import errors
from deltacloud_mock.session import MockSession
from tests.conftest import client_of


@pytest.fixture
def log() -> Iterator[list[str]]:
    """The lines that the server logs."""
    lines: list[str] = []

    class Gatherer(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Gatherer()
    logging.getLogger("deltacloud_images").addHandler(handler)
    yield lines
    logging.getLogger("deltacloud_images").removeHandler(handler)


ERRORS = [
    (errors.ValidationFailure, 400),
    (errors.AuthenticationFailure, 401),
    (errors.Forbidden, 403),
    (errors.ObjectNotFound, 404),
    (errors.Conflict, 409),
    (errors.NotSupported, 501),
    (errors.ProviderError, 502),
    (errors.ProviderTimeout, 504),
]


@pytest.mark.parametrize(("error", "status"), ERRORS, ids=lambda each: getattr(each, "__name__", ""))
@pytest.mark.parametrize("wanted", ["xml", "json", "html"])
def test_every_error_in_every_format(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, error: type[errors.DeltacloudError], status: int, wanted: str
) -> None:
    message = "In use: <b>&'\"]]> \x00 ünï"

    def fail(*_: object) -> None:
        raise error(message)

    monkeypatch.setattr(MockSession, "destroy_image", fail)
    answer = client.delete(f"/api/images/a%2Fb%3C?format={wanted}", headers={"X-Deltacloud-Provider": "eu"})
    assert answer.status_code == status
    if wanted == "xml":
        assert answer.data.startswith(b"<error")
        document = etree.fromstring(answer.data)
        assert document.items() == [("status", str(status)), ("url", "/api/images/a%2Fb%3C")]
        assert [each.tag for each in document] == ["backend", "code", "message"]
        assert document[0].items() == [("driver", "mock"), ("provider", "eu")]
        assert document.findtext("code") == str(status)
        assert document.findtext("message") == message.replace("\x00", "")
    elif wanted == "json":
        assert answer.get_json() == {"code": status, "message": message, "error": error.__name__}
    else:
        assert answer.content_type == "text/html; charset=utf-8"
        assert "<b>" not in answer.text
        assert answer.headers["X-Request-Id"] in answer.text


def test_a_bug_is_a_500_that_tells_nothing_but_the_request_id(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail /root/path")

    monkeypatch.setattr(MockSession, "image", fail)
    answer = client.get("/api/images/img1?format=json", headers={"X-Request-Id": "find-me"})
    assert answer.status_code == 500
    assert answer.get_json()["error"] == "InternalError"
    for leak in ("secret", "/root", "Traceback", "RuntimeError", "mockpassword"):
        assert leak not in answer.text
    assert answer.headers["X-Request-Id"] == "find-me"
    assert any("find-me" in line and "secret detail" in line and "Traceback" in line for line in log)
    assert not any("mockpassword" in line for line in log)


def test_unknown_paths_answer_in_the_asked_format(client: FlaskClient) -> None:
    for path in ("/nope", "/api/nope", "/api/images/", "/api/images//", "/api/images/img1/more", "/apis"):
        answer = client.get(path, headers={"Accept": "application/json"})
        assert answer.status_code == 404, path
        assert answer.get_json() == {
            "code": 404,
            "message": f"There is nothing at '{path}'.",
            "error": "ObjectNotFound",
        }


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/images", "GET, HEAD, OPTIONS, POST"),
        ("DELETE", "/api/images", "GET, HEAD, OPTIONS, POST"),
        ("PATCH", "/api/images/img1", "DELETE, GET, HEAD, OPTIONS"),
        ("POST", "/api/images/img1", "DELETE, GET, HEAD, OPTIONS"),
        ("POST", "/api", "GET, HEAD, OPTIONS"),
        ("GET", "/api/instances/inst1/stop", "OPTIONS, POST"),
        ("BREW", "/api/drivers", "GET, HEAD, OPTIONS"),
    ],
)
def test_wrong_methods_are_405_with_the_right_ones(client: FlaskClient, method: str, path: str, allowed: str) -> None:
    answer = client.open(path, method=method, headers={"Accept": "application/json"})
    assert answer.status_code == 405
    assert answer.headers["Allow"] == allowed
    assert answer.get_json() == {
        "code": 405,
        "message": f"{method} is not possible here, but {allowed} is.",
        "error": "MethodNotAllowed",
    }


CHANGES: list[tuple[str, str]] = [
    ("POST", "/api/images?instance_id=inst1"),
    ("DELETE", "/api/images/img1"),
    ("POST", "/api/instances?image_id=img1"),
    ("POST", "/api/instances/inst1/stop"),
    ("POST", "/api/images/img1"),
]


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:3002"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://other.localhost:3001"},
    ],
)
def test_changes_from_another_sites_page_are_refused(
    client: FlaskClient, method: str, path: str, headers: dict[str, Any]
) -> None:
    before = client.get("/api/images").text + client.get("/api/instances").text
    answer = client.open(path, method=method, headers=headers, data={"_method": "delete"})
    assert answer.status_code == 403
    assert "a proxy in between changes the Host header" in answer.text
    assert client.get("/api/images").text + client.get("/api/instances").text == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://localhost:4321"},
        {"Origin": "http://localhost:3001"},
        {},
    ],
)
def test_changes_from_our_own_pages_are_taken(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post("/api/images?instance_id=inst1", headers=headers).status_code == 201
    assert client.get("/api/images", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_a_collection_that_the_driver_lacks_is_404_and_an_operation_501(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deltacloud_images.driver import Capability
    from deltacloud_mock import MockDriver

    monkeypatch.setattr(MockDriver, "capabilities", frozenset({Capability.IMAGES, Capability.HARDWARE_PROFILES}))
    client = client_of(app)
    entry = client.get("/api?format=json").get_json()["api"]
    assert [link["rel"] for link in entry["links"]] == ["drivers", "hardware_profiles", "images"]
    for path in ("/api/instances", "/api/instances/inst1", "/api/realms", "/api/realms/us", "/api/instance_states"):
        assert client.get(path).status_code == 404
    refused = client.post("/api/images?instance_id=inst1&format=json")
    assert (refused.status_code, refused.get_json()["error"]) == (501, "NotSupported")
    assert client.delete("/api/images/img1").status_code == 501
    assert "rel='destroy_image'" not in client.get("/api/images").text
    assert "rel='create_instance'" not in client.get("/api/images").text
