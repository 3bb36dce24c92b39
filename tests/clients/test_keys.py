"""Key pairs as clients send and read them: the package of PyPI itself, JBoss Tools, and the provider of Vagrant."""

import json
import subprocess
import sys
from urllib.parse import urlencode
from xml.dom import minidom

import pytest

from deltacloud_images.testing.keys import PUBLIC_KEY
from tests.clients.conftest import Server
from tests.clients.libraries.base import Refused
from tests.clients.libraries.java import JBossTools
from tests.clients.libraries.vagrant import Vagrant
from tests.clients.wire import basic

PYPI = """
import json, sys
from deltacloud import Deltacloud

client = Deltacloud(sys.argv[1], "mockuser", "mockpassword")
print(json.dumps([[key.id, key.name, key.fingerprint, key.pem] for key in client.keys()]))
"""


@pytest.fixture
def fingerprint(server: Server) -> str:
    """The fingerprint of the key ``listed``."""
    form = b"name=listed"
    made = server.call("POST /api/keys?format=json", f"Content-Length: {len(form)}", body=form)
    assert made.status == 201
    found: str = json.loads(made.body)["key"]["fingerprint"]
    return found


@pytest.fixture(autouse=True)
def no_keys_are_left(server: Server) -> None:
    for each in json.loads(server.call("GET /api/keys?format=json").body)["keys"]:
        assert server.call(f"DELETE /api/keys/{each['id']}").status == 204


def test_the_package_of_pypi_lists_keys(server: Server, fingerprint: str) -> None:
    """The package itself, in a process of its own: it reads ``pem_rsa_key`` of every key."""
    command = [sys.executable, "-c", PYPI, server.api]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == [["listed", "listed", fingerprint, None]]


def test_jboss_tools_creates_shows_lists_and_deletes_a_key(server: Server) -> None:
    client = JBossTools(server.address)
    made = minidom.parseString(client._request("POST", "/api/keys?name=java").body).documentElement
    assert made is not None
    assert (made.tagName, made.getAttribute("id")) == ("key", "java")
    pem = made.getElementsByTagName("pem")[0]
    assert (
        "".join(node.data for node in pem.childNodes if isinstance(node, minidom.Text)).strip().startswith("-----BEGIN")
    )
    (listed,) = client._elements("/keys", "key")
    (shown,) = client._elements("/keys/java", "key")
    for key in (listed, shown):
        assert key.getAttribute("id") == "java"
        assert key.getElementsByTagName("pem") == []
    (link,) = shown.getElementsByTagName("link")
    assert link.getAttribute("rel") == "destroy"
    client._request(link.getAttribute("method").upper(), client.target(link.getAttribute("href")))
    with pytest.raises(Refused):
        client._elements("/keys/java", "key")


def test_vagrants_provider_lists_keys(server: Server, fingerprint: str) -> None:
    """It reads the whole document, of its own account."""
    client = Vagrant(server.address)
    client.authorization = basic("mockuser")
    (key,) = client._request("GET", "/keys")["keys"]
    assert (key["id"], key["fingerprint"]) == ("listed", fingerprint)


def test_vagrants_provider_adds_its_users_public_key(server: Server) -> None:
    """It sends forms whose parameters stand within ``body[...]``."""
    form = urlencode({"body[name]": "vagrant", "body[public_key]": PUBLIC_KEY}).encode()
    head = ("Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(form)}")
    made = server.call("POST /api/keys?format=json", *head, body=form)
    assert made.status == 201
    key = json.loads(made.body)["key"]
    assert (key["id"], "pem" in key) == ("vagrant", False)
