"""Requests that are malformed, hostile, or changed by a proxy on their way."""

import json
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from deltacloud_images import create_app
from tests.conftest import Live, client_of, gunicorn, write_config
from tests.web import AUTHORIZATION

HEAD = f"Host: localhost:3001\r\nAuthorization: {AUTHORIZATION}\r\n"


def test_a_pattern_of_many_stars_is_matched_at_once(live: Live) -> None:
    with closing(sqlite3.connect(live.folder / "mock.sqlite3")) as connection, connection:
        connection.executemany(
            "INSERT INTO images (name, description, owner_id, architecture, created_at, available_at)"
            " VALUES (?, '', 'mockuser', 'sparc', 0, 0)",
            [("a" * 250,), ("a" * 250 + "b",), ("[a]" * 30 + "b",)],
        )
    for pattern, matches in (("*a" * 30 + "*b", 2), ("*a" * 30 + "*bb", 0), ("*[a]" * 30 + "*b", 1), ("*?" * 30, 3)):
        answer = live.get(f"/api/images?architecture=sparc&name={quote(pattern)}")
        assert (answer.status, answer.body.count(b"<image ")) == (200, matches)


MALFORMED = {
    "no hexadecimal size": b"zz\r\nname=odd\r\n0\r\n\r\n",
    "no line break after the chunk": b"8\r\nname=oddXX0\r\n\r\n",
    "a bad extension": b"8;=\r\nname=odd\r\n0\r\n\r\n",
    "a bad trailer": b"8\r\nname=odd\r\n0\r\nno colon\r\n\r\n",
}


@pytest.mark.parametrize("chunks", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("path", ["/api/images;instance_id=inst1", "/api/instances;image_id=img1", "/api/images/img1"])
def test_a_malformed_chunk_is_a_400_in_the_asked_format(live: Live, chunks: bytes, path: str) -> None:
    answer = live.send(
        f"POST {path} HTTP/1.1\r\n{HEAD}Accept: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        + chunks
    )
    assert answer.status == 400
    assert json.loads(answer.body) == {
        "code": 400,
        "message": "The body cannot be read: it is malformed, or its end did not arrive.",
        "error": "ValidationFailure",
    }


@pytest.mark.parametrize("framing", ["Content-Length: 99", "Transfer-Encoding: chunked"])
def test_a_truncated_body_creates_nothing(live: Live, framing: str) -> None:
    before = live.get("/api/images?name=trunc*").body
    body = "1F\r\ninstance_id=inst1&name=truncated" if "chunked" in framing else "instance_id=inst1&name=truncated"
    with socket.create_connection(("127.0.0.1", live.port), 30) as connection:
        connection.sendall(f"POST /api/images HTTP/1.1\r\n{HEAD}{framing}\r\n\r\n{body}".encode())
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read()
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    assert live.get("/api/images?name=trunc*").body == before
    assert "Traceback" not in (live.folder / "gunicorn.log").read_text()


def test_http_1_1_without_host_is_refused(live: Live) -> None:
    answer = live.send(b"GET /api?format=json HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answer.status == 400
    assert json.loads(answer.body)["message"] == "The Host header is missing."


@pytest.mark.parametrize(
    ("headers", "root"),
    [
        (["X-Forwarded-Proto: https", "X-Forwarded-Port: 443"], "https://api.example"),
        (["X-Forwarded-Proto: https", "X-Forwarded-Port: 80"], "https://api.example"),
        (["X-Forwarded-Proto: http", "X-Forwarded-Port: 80"], "http://api.example"),
        (["X-Forwarded-Proto: https", "X-Forwarded-Port: 8443"], "https://api.example:8443"),
        (["X-Forwarded-Proto: https"], "https://api.example"),
    ],
)
def test_links_leave_out_the_schemes_own_port(tmp_path: Path, headers: list[str], root: str) -> None:
    client = client_of(create_app(write_config(tmp_path, "trusted_proxies = 1")))
    sent = dict(each.split(": ") for each in headers)
    answer = client.get("/api/images/img1", headers=sent, base_url="http://api.example")
    assert f"<image href='{root}/api/images/img1' id='img1'>" in answer.text
    sent["Origin"] = root
    made = client.post("/api/images;instance_id=inst1", headers=sent, base_url="http://api.example")
    assert (made.status_code, made.headers["Location"]) == (201, f"{root}/api/images/img4")


def test_secrets_in_paths_are_neither_logged_nor_repeated(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    config.write_text(config.read_text().replace("warning", "info"))
    with gunicorn(tmp_path, config) as live:
        for path in ("instances;image_id=img1;password=X7q", "instances;password=X7q", "nope;password=X7q;key=X7q/X7"):
            answer = live.send(f"POST /api;provider=eu/{path} HTTP/1.1\r\n{HEAD}Connection: close\r\n\r\n".encode())
            assert b"X7q" not in answer.body
        assert b"/api;provider=eu/nope;password=***;key=***/X7" in answer.body
    lines = (tmp_path / "gunicorn.log").read_text()
    assert "X7q" not in lines
    assert "POST /api;provider=eu/instances;image_id=***;password=*** 201" in lines
