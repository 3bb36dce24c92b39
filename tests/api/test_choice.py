"""Choosing driver, provider, format and credentials."""

from base64 import b64encode
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deltacloud_images import create_app
from tests.conftest import client_of, write_config
from tests.web import AUTHORIZATION, basic


def test_by_default_the_answer_names_the_driver_and_no_provider(client: FlaskClient) -> None:
    answer = client.get("/api/images")
    assert answer.headers["X-Deltacloud-Driver"] == "mock"
    assert "X-Deltacloud-Provider" not in answer.headers


@pytest.mark.parametrize("value", ["mock", "MOCK", "Mock", "", " mock "])
def test_the_driver_header(client: FlaskClient, value: str) -> None:
    answer = client.get("/api/images/img1", headers={"X-Deltacloud-Driver": value})
    assert answer.status_code == 200
    assert "href='http://localhost:3001/api/images/img1'" in answer.text


def test_the_provider_header_leaves_links_plain(client: FlaskClient) -> None:
    answer = client.get("/api/images/img1", headers={"X-Deltacloud-Provider": "eu"})
    assert answer.headers["X-Deltacloud-Provider"] == "eu"
    assert "href='http://localhost:3001/api/images/img1'" in answer.text


@pytest.mark.parametrize(
    "choice", [";driver=mock;provider=eu", ";provider=eu", ";driver=mock", ";provider=eu;driver=mock", ";driver=MOCK"]
)
def test_matrix_parameters_choose_and_stand_in_every_link(client: FlaskClient, choice: str) -> None:
    root = f"http://localhost:3001/api{choice}"
    for path in ("", "/images", "/images/img1", "/instances", "/realms", "/hardware_profiles", "/drivers"):
        for wanted in ("xml", "json"):
            answer = client.get(f"/api{choice}{path}?format={wanted}")
            assert answer.status_code == 200
            assert answer.headers.get("X-Deltacloud-Provider") == ("eu" if "eu" in choice else None)
            assert root in answer.text
            assert "http://" not in answer.text.replace(root, "")


def test_matrix_parameters_win_over_headers(client: FlaskClient) -> None:
    headers = {"X-Deltacloud-Driver": "nope", "X-Deltacloud-Provider": "us"}
    answer = client.get("/api;driver=mock;provider=eu/images", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["X-Deltacloud-Provider"] == "eu"


def test_empty_matrix_parameters_are_the_default(client: FlaskClient) -> None:
    answer = client.get("/api;driver=;provider=/images/img1")
    assert answer.status_code == 200
    assert "href='http://localhost:3001/api/images/img1'" in answer.text


def test_the_links_that_matrix_parameters_made_work(client: FlaskClient) -> None:
    made = client.post("/api;driver=mock;provider=e%3Bu%2F%27/images;instance_id=inst1")
    assert made.status_code == 201
    assert made.headers["Location"] == "http://localhost:3001/api;driver=mock;provider=e%3Bu%2F%27/images/img4"
    assert made.headers["X-Deltacloud-Provider"] == "e;u/'"
    shown = client.get(made.headers["Location"])
    assert shown.text == made.text


@pytest.mark.parametrize("path", ["/api;driver=nope", "/api;driver=nope/images", "/api;driver=nope/unknown"])
def test_an_unknown_driver_is_a_400_that_lists_the_drivers(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert answer.get_json()["error"] == "ValidationFailure"
    assert "There is no driver 'nope'" in answer.get_json()["message"]
    assert "mock" in answer.get_json()["message"]
    assert client.get("/api", headers={"X-Deltacloud-Driver": "nope"}).status_code == 400


def test_a_provider_with_control_characters_is_refused(client: FlaskClient) -> None:
    answer = client.get("/api;provider=e%0D%0AX-Evil:%201/images")
    assert answer.status_code == 400
    assert "X-Evil" not in dict(answer.headers)


def test_a_provider_beyond_latin_letters_is_encoded_in_the_header(client: FlaskClient) -> None:
    answer = client.get("/api;provider=%E6%BC%A2/images")
    assert answer.status_code == 200
    assert answer.headers["X-Deltacloud-Provider"] == "%E6%BC%A2"


XML, JSON, HTML = "application/xml", "application/json", "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, XML),
        ("", XML),
        ("*/*", XML),
        ("application/xml", XML),
        ("text/xml", XML),
        ("application/json", JSON),
        ("text/html", HTML),
        ("application/xhtml+xml", HTML),
        ("application/json, text/javascript, */*; q=0.01", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", HTML),
        ("application/xml;q=0.2, application/json;q=0.8", JSON),
        ("application/json;q=0.5, application/xml", XML),
        ("application/json;q=0, */*", XML),
        ("application/xml;q=0, */*", JSON),
        ("application/*", XML),
        ("text/*;q=0.9, application/json;q=0.1", HTML),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", HTML),
        ("image/gif, *; q=.2", XML),
        ("application/json;q=.8, text/xml;q=.3", JSON),
        ("APPLICATION/JSON", JSON),
        (";;;,,,/,q=,*/*", XML),
        ("application/json;q=junk, */*;q=0.1", XML),
    ],
)
def test_the_format_by_accept(client: FlaskClient, accept: str | None, expected: str) -> None:
    headers = {} if accept is None else {"Accept": accept}
    answer = client.get("/api/images", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == expected


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "text/plain, image/*", "garbage"])
def test_nothing_acceptable_is_406_in_xml(client: FlaskClient, accept: str) -> None:
    answer = client.get("/api/images", headers={"Accept": accept})
    assert answer.status_code == 406
    assert answer.content_type == XML
    assert answer.text.startswith("<error status='406'")


@pytest.mark.parametrize(("name", "expected"), [("xml", XML), ("json", JSON), ("html", HTML), ("JSON", JSON)])
def test_the_format_parameter_wins(client: FlaskClient, name: str, expected: str) -> None:
    for path in (f"/api/images?format={name}", f"/api/images;format={name}", f"/api;format={name}/images"):
        for accept in ("text/html", "application/json", "image/png"):
            answer = client.get(path, headers={"Accept": accept})
            assert (answer.status_code, answer.headers["Content-Type"]) == (200, expected)


def test_an_unknown_format_is_406_that_lists_the_formats(client: FlaskClient) -> None:
    answer = client.get("/api/images?format=yaml")
    assert answer.status_code == 406
    assert "There is no format 'yaml'; use one of xml, json, html." in answer.text


def test_delete_answers_errors_in_the_asked_format(client: FlaskClient) -> None:
    answer = client.delete("/api/images/nope?format=json", headers={"Accept": "*/*"})
    assert answer.get_json()["code"] == 404


def test_credentials_are_needed(app: Flask) -> None:
    answer = client_of(app, "").get("/api/images?format=json")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="mock-deltacloud", charset="UTF-8"'
    assert answer.get_json() == {
        "code": 401,
        "message": "Credentials of the cloud are needed, by HTTP Basic authentication.",
        "error": "AuthenticationFailure",
    }


def raw_basic(token: bytes) -> str:
    return "Basic " + b64encode(token).decode()


@pytest.mark.parametrize(
    ("authorization", "words"),
    [
        (basic("mockuser", "wrong"), "does not accept"),
        (basic("mockuser", ""), "does not accept"),
        (basic("MOCKUSER", "mockpassword"), "does not accept"),
        (basic("second", "mockpassword"), "does not accept"),
        ("Basic", "no colon"),
        ("Basic !!!", "not valid Base64"),
        ("Basic bW9j", "no colon"),
        ("Bearer token", "Only HTTP Basic"),
        (raw_basic(b"\xff\xfe:x"), "does not accept"),
        (raw_basic(b":mockpassword"), "empty user"),
        ("Basic " + "A" * 4000, "no colon"),
    ],
)
def test_bad_credentials_are_401_that_says_why(app: Flask, authorization: str, words: str) -> None:
    answer = client_of(app, authorization).get("/api/images")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="mock-deltacloud", charset="UTF-8"'
    assert words in answer.text
    assert "mockpassword" not in answer.text


@pytest.mark.parametrize("charset", ["utf-8", "latin1"])
def test_credentials_in_either_charset(tmp_path: Path, charset: str) -> None:
    app = create_app(write_config(tmp_path, mock='users = {"müller" = "pässwörd"}', users=""))
    answer = client_of(app, raw_basic("müller:pässwörd".encode(charset))).get("/api/images/img1")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/xml; charset=utf-8", "application/xml"),
        ("application/json;charset=UTF-8", "application/json"),
        ("application/xml;version=1;q=0.5, application/json; charset=utf-8 ;q=0.9", "application/json"),
        ('text/html;profile="a;q=1,b";q=0.1, text/xml; charset=utf-8; q=0.2', "application/xml"),
        ("text/html;level=1", "text/html; charset=utf-8"),
    ],
)
def test_parameters_of_accepted_types_are_ignored(client: FlaskClient, accept: str, content_type: str) -> None:
    answer = client.get("/api/images/img1", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)


@pytest.mark.parametrize(
    "path", ["//api/images/img1", "/api//images/img1", "/api/images//img1", "/api///images///img1"]
)
def test_repeated_slashes_are_one(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.text == client.get("/api/images/img1").text
    chosen = client.get("//api;provider=eu//images")
    assert chosen.headers["X-Deltacloud-Provider"] == "eu"


def test_passwords_may_hold_colons_and_any_letter(app: Flask, client: FlaskClient) -> None:
    assert client_of(app, AUTHORIZATION.replace("Basic", "bAsIc")).get("/api/images").status_code == 200
    assert client_of(app, basic("mockuser", "mock:pässword")).get("/api/images").status_code == 401
