"""The header that names what a request gives and nothing reads."""

import json

import pytest
from flask.testing import FlaskClient

HEADER = "X-Deltacloud-Ignored"


@pytest.mark.parametrize(
    ("method", "path", "ignored"),
    [
        ("GET", "/api/images?nmae=x", "nmae"),
        ("GET", "/api/images?name=x&state=x&architecture=x&owner_id=x&id=x&format=xml", None),
        ("GET", "/api/images?nmae=x&arch=y&nmae=z", "nmae, arch"),
        ("GET", "/api/images;arch=x", "arch"),
        ("GET", "/api;driver=mock;provider=p/images", None),
        ("GET", "/api/images;driver=mock", "driver"),
        ("GET", "/api/images?nmae=&flag", None),
        ("GET", "/api/images?sort%0d%0aX:=1&%e2%98%83=2", "sort%0D%0AX%3A, %E2%98%83"),
        ("GET", "/api/images/img1?name=x", "name"),
        ("GET", "/api/images/nope?nmae=x", "nmae"),
        ("GET", "/api?force_auth=1&x=1", "x"),
        ("GET", "/api/instance_states?format=gv&x=1", "x"),
        ("GET", "/api/hardware_profiles?architecture=x86_64&cpu=1", "cpu"),
        ("HEAD", "/api/realms?id=us&nmae=x", "nmae"),
        ("POST", "/api/images?instance_id=inst1&name=n&commit=create&_=123", "commit, _"),
        ("POST", "/api/instances?image_id=img1&hwp_id=m1-large&hwp_memory=8192&realm_id=us&colour=red", "colour"),
        ("DELETE", "/api/images/img1?force=1", "force"),
        ("POST", "/api/images/img1?_method=delete&force=1", "force"),
    ],
)
def test_it_names_what_nothing_reads(client: FlaskClient, method: str, path: str, ignored: str | None) -> None:
    assert client.open(path, method=method).headers.get(HEADER) == ignored


def test_it_names_members_of_a_body(client: FlaskClient) -> None:
    response = client.post("/api/images", json={"instance_id": "inst1", "nmae": "x", "tag": 2, "zero": None})
    assert response.headers[HEADER] == "nmae, tag"
    assert client.post("/api/images", data={"instance_id": "inst1", "nmae": "x"}).headers[HEADER] == "nmae"
    response = client.post("/api/images", json={"instance_id": "inst1", "list": [], "object": {}, "text": "\ud800"})
    assert (response.status_code, response.headers[HEADER]) == (201, "list, object, text")


def test_a_part_of_a_form_without_a_name_is_left_out(client: FlaskClient) -> None:
    parts = ['name="\\"', 'name="instance_id"']
    body = "".join(f"--X\r\nContent-Disposition: form-data; {each}\r\n\r\ninst1\r\n" for each in parts) + "--X--\r\n"
    response = client.post("/api/images", data=body, content_type="multipart/form-data; boundary=X")
    assert (response.status_code, response.headers.get(HEADER)) == (201, None)


def test_it_stays_short(client: FlaskClient) -> None:
    query = "&".join(f"{number}{'x' * 500}=1" for number in range(900))
    header = client.get(f"/api/images?{query}").headers[HEADER]
    assert [len(each) for each in header.split(", ")] == [100] * 20


@pytest.mark.parametrize("parameter", ["sort=name", "rows=all", "watch=yes"])
def test_what_only_pages_read_is_ignored_elsewhere(client: FlaskClient, parameter: str) -> None:
    path = f"/api/images?{parameter}"
    assert client.get(path, headers={"Accept": "text/html"}).headers.get(HEADER) is None
    assert client.get(path, headers={"Accept": "application/json"}).headers[HEADER] == parameter.partition("=")[0]


def test_an_ignored_parameter_changes_nothing(client: FlaskClient) -> None:
    document = json.loads(client.get("/api/images?format=json&nmae=x").data)
    assert document == json.loads(client.get("/api/images?format=json").data)
