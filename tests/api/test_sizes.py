"""Hardware profiles and realms, whole documents."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import client_of

PROLOG = "<?xml version='1.0' encoding='utf-8' ?>\n"
M1_LARGE = """\
<hardware_profile href='http://localhost:3001/api/hardware_profiles/m1-large' id='m1-large'>
  <id>m1-large</id>
  <name>m1-large</name>
  <property kind='range' name='cpu' unit='count' value='1'>
    <param href='http://localhost:3001/api/instances' method='post' name='hwp_cpu' operation='create' />
    <range first='1' last='6' />
  </property>
  <property kind='range' name='memory' unit='MB' value='10240'>
    <param href='http://localhost:3001/api/instances' method='post' name='hwp_memory' operation='create' />
    <range first='7680' last='15360' />
  </property>
  <property kind='enum' name='storage' unit='GB' value='850'>
    <param href='http://localhost:3001/api/instances' method='post' name='hwp_storage' operation='create' />
    <enum>
      <entry value='850' />
      <entry value='1024' />
    </enum>
  </property>
  <property kind='fixed' name='architecture' unit='label' value='x86_64' />
</hardware_profile>
"""
M1_SMALL = """\
<hardware_profile href='http://localhost:3001/api/hardware_profiles/m1-small' id='m1-small'>
  <id>m1-small</id>
  <name>m1-small</name>
  <property kind='fixed' name='cpu' unit='count' value='1' />
  <property kind='fixed' name='memory' unit='MB' value='1740.8' />
  <property kind='fixed' name='storage' unit='GB' value='160' />
  <property kind='fixed' name='architecture' unit='label' value='i386' />
</hardware_profile>
"""


def indented(text: str) -> str:
    return "".join("  " + line for line in text.splitlines(keepends=True))


def test_one_profile(app: Flask) -> None:
    nobody = client_of(app, "")
    assert nobody.get("/api/hardware_profiles/m1-large").text == PROLOG + M1_LARGE
    assert nobody.get("/api/hardware_profiles/m1-large?format=json").get_json() == {
        "hardware_profile": {
            "id": "m1-large",
            "href": "http://localhost:3001/api/hardware_profiles/m1-large",
            "name": "m1-large",
            "properties": {"cpu": "1", "memory": "10240", "storage": "850", "architecture": "x86_64"},
        }
    }
    assert nobody.get("/api/hardware_profiles/opaque?format=json").get_json()["hardware_profile"]["properties"] == {}
    assert nobody.get("/api/hardware_profiles/nope").status_code == 404


def test_all_profiles_by_cpu_then_memory(client: FlaskClient) -> None:
    answer = client.get("/api/hardware_profiles")
    assert answer.text.startswith(f"{PROLOG}<hardware_profiles>\n{indented(M1_SMALL)}{indented(M1_LARGE)}")
    assert answer.text.endswith("</hardware_profiles>\n")
    listed = client.get("/api/hardware_profiles?format=json").get_json()["hardware_profiles"]
    assert [each["id"] for each in listed] == ["m1-small", "m1-large", "m1-xlarge", "opaque"]


def test_profiles_by_architecture_and_id(client: FlaskClient) -> None:
    assert (
        client.get("/api/hardware_profiles?architecture=i386").text
        == f"{PROLOG}<hardware_profiles>\n{indented(M1_SMALL)}</hardware_profiles>\n"
    )
    listed = client.get("/api/hardware_profiles?architecture=x86_64&format=json").get_json()["hardware_profiles"]
    assert [each["id"] for each in listed] == ["m1-large", "m1-xlarge"]
    assert client.get("/api/hardware_profiles?id=nope").text == f"{PROLOG}<hardware_profiles>\n</hardware_profiles>\n"


def test_realms(client: FlaskClient) -> None:
    assert (
        client.get("/api/realms").text
        == f"""\
{PROLOG}<realms>
  <realm href='http://localhost:3001/api/realms/us' id='us'>
    <name>United States</name>
    <state>AVAILABLE</state>
  </realm>
  <realm href='http://localhost:3001/api/realms/eu' id='eu'>
    <name>Europe</name>
    <state>AVAILABLE</state>
  </realm>
</realms>
"""
    )
    europe = {
        "id": "eu",
        "href": "http://localhost:3001/api/realms/eu",
        "name": "Europe",
        "state": "AVAILABLE",
        "limit": "unlimited",
    }
    assert client.get("/api/realms?id=eu&format=json").get_json() == {"realms": [europe]}
    assert client.get("/api/realms/eu?format=json").get_json() == {"realm": europe}
    assert client.get("/api/realms/nope").status_code == 404


def test_realms_need_credentials(app: Flask) -> None:
    assert client_of(app, "").get("/api/realms").status_code == 401


@pytest.mark.parametrize("status", [500, 501, 502, 504])
def test_the_mocks_realms_that_fail(client: FlaskClient, status: int) -> None:
    answer = client.get(f"/api/realms/{status}")
    assert answer.status_code == status
    assert answer.text == (
        f"<error status='{status}' url='/api/realms/{status}'>\n"
        "  <backend driver='mock' provider='default'></backend>\n"
        f"  <code>{status}</code>\n"
        f"  <message><![CDATA[The mock cloud's realm '{status}' always fails like this.]]></message>\n"
        "</error>\n"
    )
    assert f"id='{status}'" not in client.get("/api/realms").text
