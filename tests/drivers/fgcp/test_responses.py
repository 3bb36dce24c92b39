"""What clients see, over HTTP, of responses of FGCP that are refusals or make no sense."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from deltacloud_images import create_app
from deltacloud_images.config import ApiSettings, Settings
from deltacloud_images.testing.exchange import Behaviour, Exchange, Reply
from tests.conftest import client_of
from tests.drivers.fgcp.rig import FgcpRig
from tests.web import basic

_PAGE = (("Content-Type", "text/html"),)


@pytest.fixture
def client(rig: FgcpRig) -> Iterator[FlaskClient]:
    """A client of a server of its own, which reaches FGCP through the proxy."""
    rig.remove_seeded()
    app = create_app(Settings(api=ApiSettings(default_driver="fgcp"), drivers={"fgcp": rig.table(rig.proxy_url)}))
    with client_of(app, basic(rig.credentials.user, rig.credentials.password)) as client:
        client.environ_base["HTTP_ACCEPT"] = "application/json"
        yield client


def rewriting(old: bytes, new: bytes) -> Behaviour:
    """Forward requests, and replace bytes of the responses."""

    def behave(exchange: Exchange) -> None:
        reply = exchange.forward()
        exchange.send(reply.with_body(reply.body.replace(old, new)))

    return behave


def refusing(action: str, status: str, text: str) -> Behaviour:
    """Refuse an action with a status and a text, and forward other requests."""

    def behave(exchange: Exchange) -> None:
        if f"Action={action}&".encode() not in exchange.request:
            exchange.send(exchange.forward())
            return
        inner = f"<responseMessage>{text}</responseMessage><responseStatus>{status}</responseStatus>"
        body = f'<OViSSResponse xmlns="http://apioviss.jp.fujitsu.com">{inner}</OViSSResponse>'
        exchange.send(Reply(200, (("Content-Type", "text/xml"),), body.encode()))

    return behave


def replying(reply: Reply) -> Behaviour:
    """Send the same reply to every request."""
    return lambda exchange: exchange.send(reply)


def asked(client: FlaskClient, path: str) -> tuple[int, Any]:
    response = client.get(path)
    return response.status_code, response.json


@pytest.mark.parametrize(
    ("status", "text", "expected", "words"),
    [
        ("ERROR", "bad\r\nthing: " + "x" * 100_000, 502, "FGCP failed. FGCP's response is ERROR: bad thing: "),
        ("E\n" * 50_000, "", 502, "FGCP failed. FGCP's response is E E E"),
        ("ILLEGAL_STATE", "a\u2028b\x7fc", 409, "ILLEGAL_STATE: a b c"),
        ("ACCESS_NOT_PERMIT", "User doesn't have\nthe right.", 403, "not allow this: ACCESS_NOT_PERMIT: User doesn't"),
        ("ERROR", "User not found in selectData. searchKey:userid", 401, "does not know the certificate"),
    ],
)
def test_a_text_of_fgcp_is_bounded_and_on_one_line(
    rig: FgcpRig,
    client: FlaskClient,
    caplog: pytest.LogCaptureFixture,
    status: str,
    text: str,
    expected: int,
    words: str,
) -> None:
    caplog.set_level(logging.WARNING)
    with rig.proxy.hostile(refusing("ListDiskImage", status, text)):
        code, body = asked(client, "/api/images")
    message = body["message"]
    assert (code, body["code"]) == (expected, expected)
    assert words in message
    assert message.isprintable()
    assert len(message) < 1200
    for record in caplog.records:
        assert record.getMessage().isprintable()
        assert len(record.getMessage()) < 1500


@pytest.mark.parametrize("value", ["nonsense", "", "-1", "9" * 400, "nan", "inf", "1e400"])
def test_a_size_that_makes_no_sense_is_left_out(rig: FgcpRig, client: FlaskClient, value: str) -> None:
    with rig.proxy.hostile(rewriting(b"<memorySize>7.5<", f"<memorySize>{value}<".encode())):
        code, body = asked(client, "/api/hardware_profiles")
    assert code == 200
    profiles = {each["id"]: each["properties"] for each in body["hardware_profiles"]}
    assert list(profiles) == ["economy", "advanced", "double_high"]
    assert {name: set(properties) for name, properties in profiles.items()} == {
        "economy": {"cpu", "memory", "architecture"},
        "advanced": {"cpu", "architecture"},
        "double_high": {"cpu", "memory", "architecture"},
    }


def test_records_without_an_id_are_left_out(rig: FgcpRig, client: FlaskClient) -> None:
    for path, old, collection, left in (
        ("/api/hardware_profiles", b"<name>advanced</name>", "hardware_profiles", ["economy", "double_high"]),
        ("/api/images", b"<diskimageId>IMG_public_64</diskimageId>", "images", ["IMG_public_32"]),
        (
            "/api/realms",
            b"<networkId>CONTRACT1-SYS1-N-DMZ</networkId>",
            "realms",
            ["CONTRACT1-SYS1", "CONTRACT1-SYS1-N-SECURE1", "CONTRACT1-SYS2", "CONTRACT1-SYS2-N-DMZ"],
        ),
    ):
        with rig.proxy.hostile(rewriting(old, b"")):
            code, body = asked(client, path)
        assert (code, [each["id"] for each in body[collection]]) == (200, left)


def test_an_address_that_is_none_is_left_out(rig: FgcpRig, client: FlaskClient) -> None:
    server = rig.seed_instance()
    with rig.proxy.hostile(rewriting(b"<privateIp>192.168.", b"<privateIp>unknown")):
        code, body = asked(client, f"/api/instances/{server}")
    assert (code, body["instance"]["private_addresses"]) == (200, [])


def test_a_control_character_hides_no_list(rig: FgcpRig, client: FlaskClient) -> None:
    with rig.proxy.hostile(rewriting(b"CentOS 6.2 64bit(EN)", b"CentOS \x0b6.2&#1;")):
        code, body = asked(client, "/api/images")
    assert code == 200
    assert {each["name"] for each in body["images"]} == {"CentOS 6.2", "CentOS 5.6 32bit(EN)"}


def test_a_launch_where_fgcp_lists_no_size_is_its_failure(rig: FgcpRig, client: FlaskClient) -> None:
    before = rig.instance_ids()
    with rig.proxy.hostile(rewriting(b"servertype>", b"other>")):
        response = client.post("/api/instances", data={"image_id": "IMG_public_64"})
    assert response.status_code == 502
    assert "FGCP lists no server types" in response.text
    assert rig.instance_ids() == before


@pytest.mark.parametrize(
    ("reply", "retry_after"),
    [
        (Reply(429, (*_PAGE, ("Retry-After", "0")), b"slow down"), "0"),
        (Reply(503, (*_PAGE, ("Retry-After", "0")), b"slow down"), "0"),
        (Reply(429, _PAGE, b"slow down"), "10"),
        (Reply(503, _PAGE, b"out of order"), None),
        (Reply(200, _PAGE, b"<html/>"), None),
    ],
)
def test_a_response_of_something_before_fgcp_is_a_502(
    rig: FgcpRig, client: FlaskClient, reply: Reply, retry_after: str | None
) -> None:
    with rig.proxy.hostile(replying(reply)):
        response = client.get("/api/images")
    assert (response.status_code, response.headers.get("Retry-After")) == (502, retry_after)


def test_a_403_of_http_is_a_refusal(rig: FgcpRig, client: FlaskClient) -> None:
    with rig.proxy.hostile(replying(Reply(403, _PAGE, b"no"))):
        code, _ = asked(client, "/api/images")
    assert code == 403
