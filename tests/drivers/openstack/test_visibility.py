"""The parameter ``visibility`` of the list of images, through HTTP: advertised, checked, passed on, and on the page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from deltacloud_images import create_app
from tests.conftest import client_of, write_config
from tests.drivers.openstack.responder import Answer, Responder, as_json
from tests.web import basic


def script(_method: str, path: str) -> Answer:
    return as_json(200, {"flavors": []} if "/flavors" in path else {"images": []})


@pytest.fixture
def responder() -> Iterator[Responder]:
    responder = Responder(script)
    yield responder
    responder.close()


@pytest.fixture
def client(responder: Responder, tmp_path: Path) -> FlaskClient:
    config = write_config(tmp_path)
    with config.open("a") as file:
        file.write(f'\n[drivers.openstack.providers.one]\nauth_url = "http://127.0.0.1:{responder.port}"\n')
    client = client_of(create_app(config), basic("user+project", "password"))
    client.environ_base["HTTP_X_DELTACLOUD_DRIVER"] = "openstack"
    return client


def test_it_is_advertised(client: FlaskClient) -> None:
    (images,) = [each for each in client.get("/api?format=json").get_json()["api"]["links"] if each["rel"] == "images"]
    (feature,) = [each for each in images["features"] for each in each if each["name"] == "visibility"]
    assert feature["rel"] == "index"
    assert "visibility" in str(feature["params"])


@pytest.mark.parametrize("visibility", ["public", "private", "shared", "community", "all"])
def test_it_is_passed_on(client: FlaskClient, responder: Responder, visibility: str) -> None:
    response = client.get(f"/api/images?visibility={visibility}&format=json")
    assert (response.status_code, response.get_json()) == (200, {"images": []})
    assert "X-Deltacloud-Ignored" not in response.headers
    assert responder.asked[-1] == ("GET", f"/image/v2/images?limit=1000&visibility={visibility}")


def test_another_value_is_refused_with_what_is_allowed(client: FlaskClient, responder: Responder) -> None:
    response = client.get("/api/images?visibility=hidden&format=json")
    assert response.status_code == 400
    assert response.get_json()["message"] == (
        "visibility is 'hidden', but has to be one of public, private, shared, community, all."
    )
    assert responder.asked == []


def test_a_page_filters_by_it_and_keeps_it(client: FlaskClient) -> None:
    page = client.get("/api/images?visibility=community", headers={"Accept": "text/html"}).text
    assert "<option selected>community</option>" in page
    assert "/api/images?visibility=community&amp;format=json" in page


def test_other_clouds_ignore_it_as_any_unknown_parameter(client: FlaskClient) -> None:
    headers = {"X-Deltacloud-Driver": "mock", "Authorization": basic("mockuser", "mockpassword")}
    response = client.get("/api/images?visibility=hidden", headers=headers)
    assert (response.status_code, response.headers["X-Deltacloud-Ignored"]) == (200, "visibility")
