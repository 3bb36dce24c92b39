"""Any text and any soup of parameters: round trips hold, and answers are well formed with a status of the contract."""

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from deltacloud_images import create_app
from tests.conftest import client_of, write_config

STATUSES = {200, 201, 202, 204, 303, 304, 400, 401, 403, 404, 405, 406, 409, 413, 501, 502, 504}
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
NOT_XML = {chr(code) for code in (*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF)}
EASY = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    folder: Path = tmp_path_factory.mktemp("properties")
    return client_of(create_app(write_config(folder)))


def in_xml(text: str) -> str:
    return "".join(letter for letter in text if letter not in NOT_XML)


@EASY
@given(name=TEXT, description=TEXT, way=st.sampled_from(["form", "query", "matrix", "json", "multipart"]))
def test_any_text_round_trips(client: FlaskClient, name: str, description: str, way: str) -> None:
    fields = {"instance_id": "inst1", "name": name, "description": description}
    if way == "form":
        made = client.post("/api/images", data=fields)
    elif way == "query":
        made = client.post("/api/images?" + urlencode(fields))
    elif way == "matrix":
        made = client.post("/api/images;" + ";".join(f"{key}={quote(value, '')}" for key, value in fields.items()))
    elif way == "json":
        made = client.post("/api/images", json=fields)
    else:
        body = "".join(
            f'--XX\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()
        )
        made = client.post(
            "/api/images", data=f"{body}--XX--\r\n".encode(), content_type="multipart/form-data; boundary=XX"
        )
    assert made.status_code == 201
    path = made.headers["Location"]
    shown = client.get(f"{path}?format=json").get_json()["image"]
    assert (shown["name"], shown["description"]) == (name, description)
    (listed,) = client.get(f"/api/images?id={shown['id']}&format=json").get_json()["images"]
    assert listed == shown
    for document in (client.get(path).data, client.get(f"/api/images?id={shown['id']}").data):
        image = etree.fromstring(document)
        image = image if image.tag == "image" else image[0]
        assert (image.findtext("name") or "", image.findtext("description") or "") == (
            in_xml(name),
            in_xml(description),
        )
    assert client.delete(path).status_code == 204


@EASY
@given(name=TEXT, user_data=TEXT)
def test_any_text_names_an_instance(client: FlaskClient, name: str, user_data: str) -> None:
    made = client.post("/api/instances?format=json", json={"image_id": "img1", "name": name, "user_data": user_data})
    assert made.status_code == 201
    document = made.get_json()["instance"]
    assert document["name"] == name
    assert etree.fromstring(client.get(document["href"]).data).findtext("name") == in_xml(name)
    client.post(document["href"] + "/stop")
    assert client.delete(document["href"]).status_code == 204


NAMES = st.sampled_from(
    ["id", "name", "instance_id", "image_id", "owner_id", "architecture", "state", "format", "realm_id", "hwp_id",
     "hwp_cpu", "hwp_memory", "keyname", "force_auth", "_method", "commit", "driver", "provider", "=", "", "a;b"]
)  # fmt: skip
VALUES = st.one_of(
    TEXT, st.sampled_from(["img1", "inst1", "xml", "json", "html", "mock", "1", "delete", "", "m1-large"])
)
PATHS = st.sampled_from(
    ["/", "/api", "/api/", "/api/images", "/api/images/img1", "/api/instances", "/api/instances/inst2",
     "/api/instances/inst2/stop", "/api/hardware_profiles", "/api/realms", "/api/drivers", "/api/instance_states"]
)  # fmt: skip


@EASY
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]),
    path=PATHS,
    matrix=st.lists(st.tuples(NAMES, VALUES), max_size=3),
    query=st.lists(st.tuples(NAMES, VALUES), max_size=4),
    body=st.one_of(st.lists(st.tuples(NAMES, VALUES), max_size=4), st.binary(max_size=200)),
    kind=st.sampled_from([None, "application/json", "application/x-www-form-urlencoded", "multipart/form-data", "x/y"]),
    accept=st.sampled_from([None, "application/json", "text/html", "*/*", "application/xml"]),
)
def test_any_soup_gives_a_status_of_the_contract_and_a_well_formed_body(
    client: FlaskClient, method: str, path: str, matrix: Any, query: Any, body: Any, kind: Any, accept: Any
) -> None:
    target = path + "".join(f";{quote(key, '')}={quote(value, '')}" for key, value in matrix) + "?" + urlencode(query)
    data = body if isinstance(body, bytes) else urlencode(body).encode()
    headers = {"Accept": accept} if accept else {}
    answer = client.open(target, method=method, data=data, content_type=kind, headers=headers)
    assert answer.status_code in STATUSES, answer.text
    assert answer.content_type in ("application/xml", "application/json", "text/html; charset=utf-8", None)
    if answer.data and answer.content_type == "application/xml":
        etree.fromstring(answer.data)
    elif answer.data and answer.content_type == "application/json":
        assert answer.get_json() is not None
    if answer.status_code >= 400 and answer.content_type == "application/xml" and method != "HEAD":
        assert answer.data.startswith(b"<error")
