"""The line about a request: the same fields in text and in JSON, and no secret."""

import json
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from deltacloud_images import create_app
from deltacloud_images.config import ServerSettings, Settings
from tests.conftest import client_of

FIELDS = {
    "request_id": "one",
    "method": "GET",
    "path": "/api/images",
    "status": 200,
    "client": "127.0.0.1",
    "driver": "mock",
    "provider": "",
    "user": "mockuser",
    "cloud_calls": 0,
    "cloud_ms": 0.0,
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}
HEADERS = {"X-Request-Id": "one", "traceparent": FIELDS["traceparent"]}


def serving(tmp_path: Path, **server: object) -> FlaskClient:
    drivers = {"mock": {"path": str(tmp_path / "mock.sqlite3")}}
    app: Flask = create_app(Settings(server=ServerSettings(**server), drivers=drivers))  # type: ignore[arg-type]
    return client_of(app)


def line_of(capsys: pytest.CaptureFixture[str]) -> str:
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    response = serving(tmp_path, log_format="json", log_users="name").get("/api/images?state=x", headers=HEADERS)
    entry = json.loads(line_of(capsys))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry.pop("time"))
    assert entry.pop("message") == f"GET /api/images 200 {entry.pop('duration_ms')} ms"
    provider = response.headers.get("X-Deltacloud-Provider", "")
    assert entry == {**FIELDS, "provider": provider, "level": "info", "bytes": len(response.data)}


def test_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    response = serving(tmp_path, log_users="name").get("/api/images?state=x", headers=HEADERS)
    provider = response.headers.get("X-Deltacloud-Provider") or "-"
    assert re.fullmatch(
        r"[\d-]{10} [\d:,]{12} INFO GET /api/images 200 [\d.]+ ms "
        rf"bytes={len(response.data)} client=127\.0\.0\.1 driver=mock provider={provider} user=mockuser "
        rf"cloud_calls=0 cloud_ms=0\.0 traceparent={FIELDS['traceparent']} \(request one\)",
        line_of(capsys),
    )


@pytest.mark.parametrize("kind", ["hash", "none"])
def test_the_user_is_not_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    client = serving(tmp_path, log_format="json", log_users=kind)
    client.get("/api/images")
    user = json.loads(line_of(capsys))["user"]
    assert re.fullmatch("[0-9a-f]{16}" if kind == "hash" else "", user)
    client.get("/api/images")
    assert json.loads(line_of(capsys))["user"] == user


def test_the_client_is_the_one_before_a_trusted_proxy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    headers = {"X-Forwarded-For": "192.0.2.7", "traceparent": "no\ttrace"}
    for proxies, expected in ((0, "127.0.0.1"), (1, "192.0.2.7")):
        serving(tmp_path, log_format="json", trusted_proxies=proxies).get("/api", headers=headers)
        entry = json.loads(line_of(capsys))
        assert (entry["client"], entry["user"], "traceparent" in entry) == (expected, "", False)


def test_it_can_be_switched_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert serving(tmp_path, access_log=False).get("/api/images").status_code == 200
    assert capsys.readouterr().err == ""
