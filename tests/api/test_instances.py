"""Instances: list, show, launch, act, destroy; whole documents."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree

from tests.conftest import client_of
from tests.web import basic

INST0 = """\
<?xml version='1.0' encoding='utf-8' ?>
<instance href='http://localhost:3001/api/instances/inst0' id='inst0'>
  <name>Mock Instance With Profile Change</name>
  <owner_id>mockuser</owner_id>
  <image href='http://localhost:3001/api/images/img1' id='img1'></image>
  <realm href='http://localhost:3001/api/realms/us' id='us'></realm>
  <state>RUNNING</state>
  <hardware_profile href='http://localhost:3001/api/hardware_profiles/m1-large' id='m1-large'>
    <property kind='fixed' name='memory' value='12288' unit='MB'/>
  </hardware_profile>
  <actions>
    <link href='http://localhost:3001/api/instances/inst0/reboot' method='post' rel='reboot' />
    <link href='http://localhost:3001/api/instances/inst0/stop' method='post' rel='stop' />
    <link href='http://localhost:3001/api/images;instance_id=inst0' method='post' rel='create_image' />
  </actions>
  <launch_time>2012-10-25T12:27:53Z</launch_time>
  <public_addresses><address type='hostname'>img1.inst0.public.com</address></public_addresses>
  <private_addresses><address type='hostname'>img1.inst0.private.com</address></private_addresses>
  <storage_volumes></storage_volumes>
  <authentication type='key'>
  </authentication>
</instance>
"""


def test_one_instance_in_xml(client: FlaskClient) -> None:
    assert client.get("/api/instances/inst0").text == INST0


def test_one_instance_in_json(client: FlaskClient) -> None:
    root = "http://localhost:3001/api"
    assert client.get("/api/instances/inst0?format=json").get_json() == {
        "instance": {
            "id": "inst0",
            "href": f"{root}/instances/inst0",
            "name": "Mock Instance With Profile Change",
            "state": "RUNNING",
            "owner": "mockuser",
            "owner_id": "mockuser",
            "image": {"id": "img1", "href": f"{root}/images/img1", "rel": "image"},
            "realm": {"id": "us", "href": f"{root}/realms/us", "rel": "realm"},
            "hardware_profile": {
                "id": "m1-large",
                "href": f"{root}/hardware_profiles/m1-large",
                "rel": "hardware_profile",
                "properties": {"memory": "12288"},
            },
            "actions": [
                {"rel": "reboot", "method": "post", "href": f"{root}/instances/inst0/reboot"},
                {"rel": "stop", "method": "post", "href": f"{root}/instances/inst0/stop"},
                {"rel": "create_image", "method": "post", "href": f"{root}/images;instance_id=inst0"},
            ],
            "public_addresses": [{"address": "img1.inst0.public.com", "type": "hostname"}],
            "private_addresses": [{"address": "img1.inst0.private.com", "type": "hostname"}],
            "storage_volumes": [],
            "launch_time": "2012-10-25T12:27:53Z",
            "create_image": True,
            "authentication_type": "key",
            "authentication": {},
        }
    }


def test_the_list_is_the_instances_one_after_the_other(client: FlaskClient) -> None:
    prolog = "<?xml version='1.0' encoding='utf-8' ?>\n"
    shown = [client.get(f"/api/instances/inst{number}").text.removeprefix(prolog) for number in range(4)]
    inner = "".join("  " + line for line in "".join(shown).splitlines(keepends=True))
    assert client.get("/api/instances").text == f"{prolog}<instances>\n{inner}</instances>\n"
    listed = client.get("/api/instances?format=json").get_json()["instances"]
    assert [(each["id"], each["create_image"]) for each in listed] == [
        ("inst0", True),
        ("inst1", True),
        ("inst2", True),
        ("inst3", False),
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("id=inst1", ["inst1"]),
        ("id=unknown", []),
        ("state=RUNNING", ["inst0", "inst1", "inst2", "inst3"]),
        ("state=STOPPED", []),
        ("realm_id=eu", ["inst3"]),
        ("image_id=img3", ["inst1", "inst3"]),
        ("owner_id=self", ["inst0", "inst1", "inst2", "inst3"]),
        ("owner_id=second", []),
        ("image_id=img3&realm_id=us", ["inst1"]),
    ],
)
def test_filters(client: FlaskClient, query: str, expected: list[str]) -> None:
    listed = client.get(f"/api/instances?format=json&{query}").get_json()["instances"]
    assert [each["id"] for each in listed] == expected


def test_instances_are_their_accounts_alone(app: Flask) -> None:
    second = client_of(app, basic("second", "other"))
    assert second.get("/api/instances?format=json").get_json() == {"instances": []}
    assert second.get("/api/instances/inst0").status_code == 404
    assert second.post("/api/instances/inst0/stop").status_code == 404
    assert second.post("/api/images?instance_id=inst0").status_code == 404


def test_launch_with_everything(client: FlaskClient) -> None:
    made = client.post(
        "/api/instances",
        data={
            "image_id": "img1",
            "name": "mine",
            "realm_id": "eu",
            "hwp_id": "m1-large",
            "hwp_cpu": "4",
            "hwp_memory": "8192",
            "hwp_storage": "1024",
            "keyname": "mykey",
            "user_data": "aGVsbG8=",
        },
    )
    assert made.status_code == 201
    assert made.headers["Location"] == "http://localhost:3001/api/instances/inst4"
    shown = client.get("/api/instances/inst4")
    assert made.text == shown.text
    instance = etree.fromstring(shown.data)
    assert instance.findtext("name") == "mine"
    assert instance.findtext("state") == "RUNNING"
    assert [instance.xpath(f"string({each}/@id)") for each in ("image", "realm", "hardware_profile")] == [
        "img1",
        "eu",
        "m1-large",
    ]
    properties = {each.get("name"): each.get("value") for each in instance.findall("hardware_profile/property")}
    assert properties == {"cpu": "4", "memory": "8192", "storage": "1024"}
    assert instance.findtext("authentication/login/keyname") == "mykey"


def test_launch_by_the_link_that_the_image_advertises(client: FlaskClient) -> None:
    image = etree.fromstring(client.get("/api/images/img3").data)
    (link,) = image.findall("actions/link[@rel='create_instance']")
    made = client.open(link.get("href"), method=link.get("method"))
    assert made.status_code == 201
    instance = etree.fromstring(made.data)
    assert instance.xpath("string(image/@id)") == "img3"
    assert (instance.findtext("name"), instance.xpath("string(realm/@id)")) == ("inst4", "us")
    assert instance.xpath("string(hardware_profile/@id)") == "m1-small"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("name=x", "The parameter 'image_id' is missing."),
        ("image_id=nope", "Image 'nope' was not found."),
        ("image_id=img1&hwp_id=nope", "Hardware profile 'nope' was not found."),
        ("image_id=img1&realm_id=nope", "Realm 'nope' was not found."),
        ("image_id=img1&hwp_id=m1-large&hwp_cpu=7", "hwp_cpu is '7', but hardware profile 'm1-large' allows from 1 to"),
        ("image_id=img1&hwp_id=m1-large&hwp_memory=99999", "allows from 7680 to 15360 (MB)"),
        ("image_id=img1&hwp_id=m1-large&hwp_storage=900", "allows one of 850, 1024 (GB)"),
        ("image_id=img1&hwp_id=m1-large&hwp_cpu=many", "hwp_cpu is 'many'"),
        ("image_id=img1&hwp_id=m1-large&hwp_cpu=nan", "hwp_cpu is 'nan'"),
        ("image_id=img1&hwp_id=m1-small&hwp_cpu=2", "allows only 1 (count)"),
        ("image_id=img1&hwp_id=opaque&hwp_cpu=2", "hardware profile 'opaque' has no cpu"),
        ("image_id=img1&hwp_cpu=2", "need hwp_id, the profile that they change"),
    ],
)
def test_launch_refuses_with_what_is_allowed(client: FlaskClient, query: str, words: str) -> None:
    answer = client.post(f"/api/instances?format=json&{query}")
    assert answer.status_code == 400
    assert words in answer.get_json()["message"]
    assert len(client.get("/api/instances?format=json").get_json()["instances"]) == 4


def actions(client: FlaskClient, instance_id: str) -> dict[str, tuple[str, str]]:
    document = client.get(f"/api/instances/{instance_id}?format=json").get_json()["instance"]
    return {each["rel"]: (each["method"], each["href"]) for each in document["actions"]}


def test_the_state_machine(client: FlaskClient) -> None:
    assert sorted(actions(client, "inst1")) == ["create_image", "reboot", "stop"]
    for action, state in (("reboot", "RUNNING"), ("stop", "STOPPED"), ("start", "RUNNING"), ("stop", "STOPPED")):
        method, href = actions(client, "inst1")[action]
        answer = client.open(href, method=method)
        assert answer.status_code == 202
        assert etree.fromstring(answer.data).findtext("state") == state
        assert client.get("/api/instances/inst1").text == answer.text
    assert sorted(actions(client, "inst1")) == ["create_image", "destroy", "start"]
    method, href = actions(client, "inst1")["destroy"]
    gone = client.open(href, method=method)
    assert (gone.status_code, gone.data) == (204, b"")
    assert client.get("/api/instances/inst1").status_code == 404


def test_actions_that_are_not_offered_are_405_and_change_nothing(client: FlaskClient) -> None:
    before = client.get("/api/instances").text
    refused = client.post("/api/instances/inst1/start?format=json")
    assert refused.status_code == 405
    assert refused.get_json()["error"] == "MethodNotAllowed"
    assert "is RUNNING: 'start' is not possible now, but reboot, stop is" in refused.get_json()["message"]
    assert client.delete("/api/instances/inst1").status_code == 405
    assert client.get("/api/instances").text == before
    client.post("/api/instances/inst1/stop")
    assert client.post("/api/instances/inst1/stop").status_code == 405
    assert client.post("/api/instances/inst1/reboot").status_code == 405


def test_actions_on_unknown_instances_are_404(client: FlaskClient) -> None:
    for action in ("start", "stop", "reboot"):
        assert client.post(f"/api/instances/nope/{action}").status_code == 404
    assert client.delete("/api/instances/nope").status_code == 404
    assert client.post("/api/instances/inst1/run;id=inst1").status_code == 404


def test_a_form_destroys_by_method_override(client: FlaskClient) -> None:
    client.post("/api/instances/inst1/stop")
    answer = client.post("/api/instances/inst1", data={"_method": "delete"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "http://localhost:3001/api/instances")
    assert client.get("/api/instances/inst1").status_code == 404


@pytest.mark.parametrize("path", ["/api/instances/inst1", "/api/images/img3"])
def test_a_header_overrides_the_method(client: FlaskClient, path: str) -> None:
    client.post("/api/instances/inst1/stop")
    answer = client.post(path, headers={"X-HTTP-Method-Override": "delete"})
    assert (answer.status_code, answer.data) == (204, b"")
    assert client.get(path).status_code == 404


def test_an_overridden_method_never_creates(client: FlaskClient) -> None:
    before = client.get("/api/images").text
    answer = client.post("/api/images?instance_id=inst1", headers={"X-HTTP-Method-Override": "DELETE"})
    assert answer.status_code == 405
    assert client.get("/api/images").text == before


def test_json_of_an_action_has_its_members_at_the_top_and_under_instance(client: FlaskClient) -> None:
    for action, state in (("reboot", "RUNNING"), ("stop", "STOPPED"), ("start", "RUNNING")):
        answer = client.post(f"/api/instances/inst1/{action}?format=json")
        shown = client.get("/api/instances/inst1?format=json").get_json()["instance"]
        assert answer.status_code == 202
        assert answer.get_json() == {**shown, "instance": shown}
        assert shown["state"] == state
    assert list(client.get("/api/instances/inst1?format=json").get_json()) == ["instance"]


def test_an_image_that_is_not_available_yet_cannot_be_launched(tmp_path_factory: pytest.TempPathFactory) -> None:
    from deltacloud_images import create_app
    from tests.conftest import write_config

    folder = tmp_path_factory.mktemp("slow")
    client = client_of(create_app(write_config(folder, mock="image_build_seconds = 3600")))
    made = client.post("/api/images?instance_id=inst1&format=json").get_json()["image"]
    assert made["state"] == "PENDING"
    refused = client.post("/api/instances?image_id=img4&format=json")
    assert refused.status_code == 409
    assert "it can be launched when it is AVAILABLE" in refused.get_json()["message"]
