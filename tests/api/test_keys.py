"""Key pairs: list, show, create with the private key once, destroy; whole documents."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deltacloud_images import create_app
from deltacloud_images.driver import KEY_CAPABILITIES, Capability
from deltacloud_images.testing.keys import PUBLIC_KEY
from deltacloud_mock import MockDriver
from tests.conftest import client_of, write_config
from tests.web import basic

ROOT = "http://localhost:3001/api/keys"
PROLOG = "<?xml version='1.0' encoding='utf-8' ?>\n"
PEM = re.compile(r"-----BEGIN RSA PRIVATE KEY-----\n([A-Za-z0-9+/=]{1,64}\n)+-----END RSA PRIVATE KEY-----\n")


def key_xml(fingerprint: str, private: str = "", pad: str = "") -> str:
    lines = [
        f"<key href='{ROOT}/my%20key' id='my key' type='key'>",
        "  <actions>",
        f"    <link href='{ROOT}/my%20key' method='delete' rel='destroy' />",
        "  </actions>",
        f"  <fingerprint>{fingerprint}</fingerprint>",
        *([f"  <pem><![CDATA[{private}]]></pem>"] if private else []),
        "  <state>AVAILABLE</state>",
        "</key>",
    ]
    return "".join(f"{pad}{line}\n" for line in lines)


def create(client: FlaskClient) -> tuple[str, str]:
    """Create a key; return its fingerprint and its private key."""
    key = client.post("/api/keys?format=json", data={"name": "my key"}).get_json()["key"]
    return key["fingerprint"], key["pem"]


def test_a_new_key_has_its_private_key_this_once(client: FlaskClient) -> None:
    assert client.get("/api/keys").text == f"{PROLOG}<keys>\n</keys>\n"
    response = client.post("/api/keys", data={"name": "my key"})
    assert (response.status_code, response.headers["Location"]) == (201, f"{ROOT}/my%20key")
    assert response.headers["Cache-Control"] == "no-store"
    private, fingerprint = PEM.search(response.text), re.search(r"([0-9a-f]{2}:){19}[0-9a-f]{2}", response.text)
    assert private
    assert fingerprint
    assert response.text == PROLOG + key_xml(fingerprint[0], private[0])
    assert client.get("/api/keys/my%20key").text == PROLOG + key_xml(fingerprint[0])
    listed = client.get("/api/keys").text
    assert listed == f"{PROLOG}<keys>\n{key_xml(fingerprint[0], pad='  ')}</keys>\n"


def test_keys_in_json(client: FlaskClient) -> None:
    fingerprint, private = create(client)
    assert PEM.fullmatch(private)
    key = {
        "id": "my key",
        "href": f"{ROOT}/my%20key",
        "type": "key",
        "state": "AVAILABLE",
        "fingerprint": fingerprint,
        "pem_rsa_key": None,
        "actions": [{"rel": "destroy", "method": "delete", "href": f"{ROOT}/my%20key"}],
    }
    assert client.get("/api/keys/my%20key?format=json").get_json() == {"key": key}
    assert client.get("/api/keys?format=json").get_json() == {"keys": [key]}
    assert client.get("/api/keys?id=nope&format=json").get_json() == {"keys": []}


def test_a_key_is_destroyed(client: FlaskClient) -> None:
    create(client)
    response = client.delete("/api/keys/my%20key")
    assert (response.status_code, response.data) == (204, b"")
    assert client.get("/api/keys/my%20key").status_code == 404
    assert client.delete("/api/keys/my%20key").status_code == 404


def test_pages_show_create_and_destroy_keys(client: FlaskClient) -> None:
    html = {"Accept": "text/html"}
    made = client.post("/api/keys", data={"name": "my key"}, headers=html)
    assert made.status_code == 201
    assert PEM.search(made.text)
    assert f'href="{ROOT}/my%20key"' in client.get("/api/keys", headers=html).text
    assert "PRIVATE KEY" not in client.get("/api/keys/my%20key", headers=html).text
    gone = client.post("/api/keys/my%20key", data={"_method": "delete"}, headers=html)
    assert (gone.status_code, gone.headers["Location"]) == (303, ROOT)


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [({}, 400, "The parameter 'name' is missing."), ({"name": "my key"}, 409, "There is a key 'my key' already.")],
)
def test_what_cannot_be_created(client: FlaskClient, data: dict[str, str], status: int, words: str) -> None:
    create(client)
    response = client.post("/api/keys?format=json", data=data)
    assert (response.status_code, response.get_json()["message"]) == (status, words)


def test_keys_are_the_accounts_own(app: Flask, client: FlaskClient) -> None:
    create(client)
    second = client_of(app, basic("second", "other"))
    assert second.get("/api/keys?format=json").get_json() == {"keys": []}
    assert second.get("/api/keys/my%20key").status_code == 404
    assert second.delete("/api/keys/my%20key").status_code == 404
    assert second.post("/api/keys", data={"name": "my key"}).status_code == 201
    assert client_of(app, "").get("/api/keys").status_code == 401


def test_a_driver_without_keys_does_not_link_them(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MockDriver, "capabilities", frozenset(Capability) - KEY_CAPABILITIES)
    client = client_of(app)
    assert "keys" not in client.get("/api").text
    for response in (client.get("/api/keys"), client.post("/api/keys?name=x"), client.delete("/api/keys/x")):
        assert response.status_code == 404


def test_keys_that_cannot_be_changed(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    create(client)
    unable = frozenset(Capability) - {Capability.CREATE_KEY, Capability.DESTROY_KEY}
    monkeypatch.setattr(MockDriver, "capabilities", unable)
    assert "rel='destroy'" not in client.get("/api/keys/my%20key").text
    assert client.post("/api/keys?name=x").status_code == 501
    assert client.delete("/api/keys/my%20key").status_code == 501


def test_a_file_of_an_earlier_version_gets_its_table(client: FlaskClient, tmp_path: Path) -> None:
    client.get("/api/images")
    with closing(sqlite3.connect(tmp_path / "mock.sqlite3")) as connection, connection:
        connection.execute("DROP TABLE keys")
        connection.execute("DELETE FROM images WHERE id = 'img2'")
    anew = client_of(create_app(write_config(tmp_path)))
    assert anew.get("/api/keys?format=json").get_json() == {"keys": []}
    assert anew.get("/api/images/img2").status_code == 404


def test_a_public_key_is_imported(client: FlaskClient) -> None:
    """Vagrant's provider sends its user's public key, and expects to log in with it."""
    response = client.post("/api/keys?format=json", data={"name": "vagrant", "public_key": PUBLIC_KEY})
    assert (response.status_code, response.headers.get("X-Deltacloud-Ignored")) == (201, None)
    key = response.get_json()["key"]
    assert (key["id"], key["pem_rsa_key"], "pem" in key) == ("vagrant", None, False)
    assert client.get(f"/api/keys/{key['id']}?format=json").get_json()["key"] == key
    refused = client.post("/api/keys?format=json", data={"name": "other", "public_key": "ssh-rsa AAAA"})
    message = "public_key is no public key in the format of OpenSSH, for example 'ssh-rsa AAAA...'."
    assert (refused.status_code, refused.get_json()["message"]) == (400, message)
