"""The entry point, the drivers and the instance states, whole documents."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import client_of
from tests.web import basic

API_XML = """\
<api driver='mock' version='1.1.3'>
  <link href='http://localhost:3001/api/drivers' rel='drivers'>
  </link>
  <link href='http://localhost:3001/api/hardware_profiles' rel='hardware_profiles'>
  </link>
  <link href='http://localhost:3001/api/images' rel='images'>
    <feature name='owner_id' rel='index'>
      <param name='owner_id' />
    </feature>
    <feature name='image_name' rel='create'>
      <param name='name' />
    </feature>
    <feature name='image_description' rel='create'>
      <param name='description' />
    </feature>
  </link>
  <link href='http://localhost:3001/api/instance_states' rel='instance_states'>
  </link>
  <link href='http://localhost:3001/api/instances' rel='instances'>
    <feature name='user_name' rel='create'>
      <param name='name' />
    </feature>
    <feature name='user_data' rel='create'>
      <param name='user_data' />
    </feature>
    <feature name='authentication_key' rel='create'>
      <param name='keyname' />
    </feature>
    <feature name='hardware_profiles' rel='create'>
      <param name='hwp_cpu' />
      <param name='hwp_memory' />
      <param name='hwp_storage' />
    </feature>
    <feature name='realm_filter' rel='index'>
      <param name='realm_id' />
    </feature>
  </link>
  <link href='http://localhost:3001/api/keys' rel='keys'>
  </link>
  <link href='http://localhost:3001/api/realms' rel='realms'>
  </link>
</api>
"""


@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_the_entry_point_in_xml(app: Flask, path: str) -> None:
    answer = client_of(app, "").get(path)
    assert answer.status_code == 200
    assert answer.content_type == "application/xml"
    assert answer.text == API_XML


def test_the_entry_point_in_json(client: FlaskClient) -> None:
    document = client.get("/api?format=json").get_json()["api"]
    assert {name: document[name] for name in ("version", "driver", "provider")} == {
        "version": "1.1.3",
        "driver": "mock",
        "provider": "default",
    }
    links = {link["rel"]: link for link in document["links"]}
    collections = ["drivers", "hardware_profiles", "images", "instance_states", "instances", "keys", "realms"]
    assert sorted(links) == collections
    assert links["images"] == {
        "rel": "images",
        "href": "http://localhost:3001/api/images",
        "features": [
            [{"name": "owner_id", "rel": "index", "params": ["owner_id:string:optional"], "constraints": {}}],
            [{"name": "image_name", "rel": "create", "params": ["name:string:optional"], "constraints": {}}],
            [
                {
                    "name": "image_description",
                    "rel": "create",
                    "params": ["description:string:optional"],
                    "constraints": {},
                }
            ],
        ],
    }
    assert links["realms"]["features"] == []


def test_the_entry_point_names_a_chosen_provider(client: FlaskClient) -> None:
    xml = client.get("/api", headers={"X-Deltacloud-Provider": "eu"}).text
    assert xml.startswith("<api driver='mock' provider='eu' version='1.1.3'>\n")
    assert client.get("/api;provider=eu?format=json").get_json()["api"]["provider"] == "eu"


@pytest.mark.parametrize("flag", ["1", "true", "TRUE"])
def test_force_auth_checks_the_credentials(app: Flask, flag: str) -> None:
    path = f"/api?force_auth={flag}"
    assert client_of(app).get(path).status_code == 200
    for wrong in ("", basic("mockuser", "wrong"), basic("nobody", "mockpassword")):
        refused = client_of(app, wrong).get(path)
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == 'Basic realm="mock-deltacloud", charset="UTF-8"'


def test_without_force_auth_wrong_credentials_do_not_matter(app: Flask) -> None:
    stranger = client_of(app, basic("nobody", "x"))
    for path in ("/", "/api", "/api?force_auth=0", "/api/drivers", "/api/drivers/mock", "/api/instance_states"):
        assert stranger.get(path).status_code == 200, path
    for path in ("/api/hardware_profiles", "/api/hardware_profiles/m1-small"):
        assert stranger.get(path).status_code == 200, path


def test_the_root_points_to_the_api(client: FlaskClient) -> None:
    assert client.get("/").text == "<link href='http://localhost:3001/api' rel='api' />\n"
    assert client.get("/?format=json").get_json() == {"api": {"href": "http://localhost:3001/api"}}
    page = client.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert 'href="http://localhost:3001/api"' in page.text


def test_drivers(client: FlaskClient) -> None:
    listed = client.get("/api/drivers").text
    assert listed.startswith("<drivers>\n")
    assert (
        "  <driver href='http://localhost:3001/api/drivers/mock' id='mock'>\n    <name>Mock</name>\n  </driver>\n"
    ) in listed
    shown = client.get("/api/drivers/mock").text
    assert shown == "<driver href='http://localhost:3001/api/drivers/mock' id='mock'>\n  <name>Mock</name>\n</driver>\n"
    entry = {"id": "mock", "href": "http://localhost:3001/api/drivers/mock", "name": "Mock", "providers": []}
    assert entry in client.get("/api/drivers?format=json").get_json()["drivers"]
    assert client.get("/api/drivers/mock?format=json").get_json() == {"driver": entry}
    assert client.get("/api/drivers?id=nope").text == "<drivers>\n</drivers>\n"


def test_an_unknown_driver_is_not_found(client: FlaskClient) -> None:
    answer = client.get("/api/drivers/nope")
    assert answer.status_code == 404
    assert "Driver &#39;nope&#39;" not in answer.text
    assert "Driver 'nope' was not found" in answer.text


def test_instance_states(app: Flask) -> None:
    nobody = client_of(app, "")
    assert (
        nobody.get("/api/instance_states").text
        == """\
<states>
  <state name='start'>
    <transition action='create' to='pending'></transition>
  </state>
  <state name='pending'>
    <transition auto='true' to='running'></transition>
  </state>
  <state name='running'>
    <transition action='reboot' to='running'></transition>
    <transition action='stop' to='stopped'></transition>
  </state>
  <state name='stopped'>
    <transition action='start' to='running'></transition>
    <transition action='destroy' to='finish'></transition>
  </state>
  <state name='finish'>
  </state>
</states>
"""
    )
    assert nobody.get("/api/instance_states?format=json").get_json() == [
        {"name": "start", "transitions": [{"to": "pending", "action": "create"}]},
        {"name": "pending", "transitions": [{"to": "running", "auto": "true"}]},
        {
            "name": "running",
            "transitions": [{"to": "running", "action": "reboot"}, {"to": "stopped", "action": "stop"}],
        },
        {
            "name": "stopped",
            "transitions": [{"to": "running", "action": "start"}, {"to": "finish", "action": "destroy"}],
        },
        {"name": "finish", "transitions": []},
    ]


def test_instance_states_as_a_graph(client: FlaskClient) -> None:
    answer = client.get("/api/instance_states?format=gv")
    assert answer.status_code == 200
    assert answer.text.startswith("digraph instance_states {\n")
    assert '  "stopped" -> "finish" [label="destroy"];\n' in answer.text
    assert client.get("/api/images?format=gv").status_code == 406


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api", {"GET", "HEAD", "OPTIONS"}),
        ("/api/", {"GET", "HEAD", "OPTIONS"}),
        ("/api/images", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("/api/images/img1", {"GET", "HEAD", "DELETE", "OPTIONS"}),
        ("/api/instances", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("/api/instances/inst1", {"GET", "HEAD", "DELETE", "OPTIONS"}),
        ("/api/instances/inst1/stop", {"POST", "OPTIONS"}),
        ("/api/realms", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_options_tell_the_methods(client: FlaskClient, path: str, allowed: set[str]) -> None:
    answer = client.options(path)
    assert answer.status_code == 200
    assert set(answer.headers["Allow"].split(", ")) == allowed
