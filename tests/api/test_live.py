"""What only a live gunicorn shows: headers, strange paths, odd ways of sending, on the wire."""

import socket
from pathlib import Path

import pytest

from tests.conftest import Live, gunicorn, write_config
from tests.web import AUTHORIZATION

MULTIPART = (
    '--XX\r\nContent-Disposition: form-data; name="instance_id"\r\n\r\ninst1\r\n'
    '--XX\r\nContent-Disposition: form-data; name="name"\r\n\r\nodd\r\n--XX--\n\r'
)
HEAD = f"Host: localhost:3001\r\nAuthorization: {AUTHORIZATION}\r\n"


def test_the_headers_of_an_answer(live: Live) -> None:
    answer = live.get("/api/images")
    assert answer.status == 200
    assert answer.all("Server") == ["Apache-Deltacloud/1.1.3"]
    assert answer["Content-Type"] == "application/xml"
    assert answer["Cache-Control"] == "max-age=0, private, must-revalidate"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Deltacloud-Driver"] == "mock"
    assert answer.all("X-Deltacloud-Provider") == []
    assert int(answer["Content-Length"]) == len(answer.body)
    assert answer["ETag"].startswith('"')
    assert answer["ETag"].endswith('"')


@pytest.mark.parametrize("path", ["/", "/api", "/api/nope", "/api/images?format=json", "/api/images?format=html"])
def test_every_answer_has_one_server_header(live: Live, path: str) -> None:
    assert live.get(path).all("Server") == ["Apache-Deltacloud/1.1.3"]


def test_etags_are_stable_and_give_304(live: Live) -> None:
    first, second = live.get("/api/images/img1"), live.get("/api/images/img1")
    assert first["ETag"] == second["ETag"]
    assert live.get("/api/images/img1?format=json")["ETag"] != first["ETag"]
    for value in (first["ETag"], f'"other", {first["ETag"]}', f"W/{first['ETag']}", "*"):
        unchanged = live.get("/api/images/img1", f"If-None-Match: {value}")
        assert (unchanged.status, unchanged.body) == (304, b"")
        assert unchanged["ETag"] == first["ETag"]
        assert unchanged.all("Server") == ["Apache-Deltacloud/1.1.3"]
    assert live.get("/api/images/img1", 'If-None-Match: "other"').status == 200


@pytest.mark.parametrize("path", ["/api", "/api/images", "/api/images/img1", "/api/images/nope", "/api/instances"])
def test_head_has_the_headers_of_get(live: Live, path: str) -> None:
    changing = {"date", "x-request-id", "connection"}

    def headers(method: str) -> tuple[int, dict[str, str]]:
        answer = live.send(f"{method} {path} HTTP/1.1\r\n{HEAD}\r\n".encode())
        assert (answer.body == b"") == (method == "HEAD")
        return answer.status, {name: value for name, value in answer.headers if name.lower() not in changing}

    assert headers("HEAD") == headers("GET")


@pytest.mark.parametrize("sent", ["abc-123", "A.b_c:d", "0" * 128])
def test_a_sane_request_id_comes_back(live: Live, sent: str) -> None:
    assert live.get("/api", f"X-Request-Id: {sent}")["X-Request-Id"] == sent


@pytest.mark.parametrize("sent", ["", "a b", "<x>", "é", "0" * 129])
def test_any_other_gets_a_new_one(live: Live, sent: str) -> None:
    first, second = (live.get("/api", f"X-Request-Id: {sent}")["X-Request-Id"] for _ in range(2))
    assert len(first) == 16
    assert first != second


def test_forwarded_headers_are_not_believed(live: Live) -> None:
    answer = live.get("/api", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example", "X-Forwarded-For: 1.2.3.4")
    assert b"http://localhost:3001/api/images" in answer.body
    assert b"evil" not in answer.body
    assert b"https" not in answer.body


PATHS_404 = [
    "/api/images/a%2Fb",
    "/api/images/img1%2F",
    "/api/images/..",
    "/api/images/%2e%2e",
    "/api/images/%2E%2E%2Fimages%2Fimg1",
    "/api/images/../images/img1",
    "/api/images/.%2Fimg1",
    "/api/images/img1%00",
    "/api/images/%00",
    "/api/images/img1%3Bdriver=ec2",
    "/api/images/" + "x" * 10_000,
    "/api/images/%F0%9F%90%A7",
    "/api/images/img1%20",
    "/api/images//",
    "/api%2Fimages",
]


@pytest.mark.parametrize("path", PATHS_404, ids=lambda path: path[:40])
def test_strange_ids_never_mean_another_resource(live: Live, path: str) -> None:
    answer = live.get(path)
    assert answer.status == 404
    assert answer.body.startswith(b"<error status='404'")


def test_a_body_over_the_limit_is_413_however_it_is_sent(live: Live) -> None:
    chunk = "10000\r\n" + "x" * 0x10000 + "\r\n"
    chunked = f"POST /api/images HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n{chunk * 17}0\r\n\r\n"
    assert live.send(chunked.encode()).status == 413
    announced = f"POST /api/images HTTP/1.1\r\n{HEAD}Content-Length: 9999999\r\n\r\n"
    answer = live.send(announced.encode())
    assert answer.status == 413
    assert answer.body.startswith(b"<error status='413'")


@pytest.mark.parametrize("path", ["/api/images/%", "/api/images/%zz", "/api/images/%ff", "/api/%c3%28", "/%ff"])
def test_broken_encoding_is_a_400_in_the_asked_format(live: Live, path: str) -> None:
    answer = live.get(path, "Accept: application/json")
    assert answer.status == 400
    assert b"The path" in answer.body
    assert answer["Content-Type"] == "application/json"


def test_one_trusted_proxy_is_believed_and_no_more(tmp_path: Path) -> None:
    config = write_config(tmp_path, server="trusted_proxies = 1")
    with gunicorn(tmp_path, config) as live:
        answer = live.get(
            "/api",
            "X-Forwarded-Proto: http, https",
            "X-Forwarded-Host: evil.example, images.example",
            "X-Forwarded-Prefix: /clouds",
        )
    assert b"href='https://images.example/clouds/api/images'" in answer.body
    assert b"evil" not in answer.body


def test_an_absolute_request_target(live: Live) -> None:
    assert live.get("http://localhost:3001/api/images/img1").status == 200


def test_http_1_0_without_host_is_served(live: Live) -> None:
    answer = live.send(b"GET /api HTTP/1.0\r\n\r\n")
    assert answer.status == 200
    assert f"http://127.0.0.1:{live.port}/api/images".encode() in answer.body


@pytest.mark.parametrize("host", ["<script>", "a b", "localhost:3001/evil", "a'b", "[::1"])
def test_a_malformed_host_is_a_400(live: Live, host: str) -> None:
    answer = live.send(f"GET /api HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert answer.status == 400


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:3001", "[::1]:3001", "my_host.example:80"])
def test_links_have_the_host_of_the_request(live: Live, host: str) -> None:
    answer = live.send(f"GET /api HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert f"href='http://{host}/api/images'".encode() in answer.body


def made(live: Live, raw: str) -> str:
    """Send a POST that makes an image; gives its name."""
    answer = live.send(raw.encode())
    assert answer.status == 201, answer.body
    location = answer["Location"]
    assert location.startswith("http://localhost:3001/api/images/img")
    text = live.get(location.removeprefix("http://localhost:3001")).body.decode()
    return text.partition("<name>")[2].partition("</name>")[0]


ODD_POSTS = {
    "query string, empty body, no length": f"POST /api/images?instance_id=inst1&name=odd HTTP/1.1\r\n{HEAD}\r\n",
    "query string, zero length": (
        f"POST /api/images?instance_id=inst1&name=odd HTTP/1.1\r\n{HEAD}Content-Length: 0\r\n\r\n"
    ),
    "no length, misspelt type": (
        f"POST /api/images?instance_id=inst1&name=odd HTTP/1.1\r\n{HEAD}"
        "Content-Type: application/x-www-form-encoded\r\n\r\n"
    ),
    "empty JSON": (
        f"POST /api/images?instance_id=inst1&name=odd HTTP/1.1\r\n{HEAD}"
        "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n"
    ),
    "form without type": (f"POST /api/images HTTP/1.1\r\n{HEAD}Content-Length: 26\r\n\r\ninstance_id=inst1&name=odd"),
    "chunked form": (
        f"POST /api/images HTTP/1.1\r\n{HEAD}Content-Type: application/x-www-form-urlencoded\r\n"
        "Transfer-Encoding: chunked\r\n\r\n12\r\ninstance_id=inst1&\r\n8\r\nname=odd\r\n0\r\n\r\n"
    ),
    "matrix parameters": f"POST /api/images;instance_id=inst1;name=odd HTTP/1.1\r\n{HEAD}\r\n",
    "multipart ended by LF CR": (
        f"POST /api/images HTTP/1.1\r\n{HEAD}Content-Type: multipart/form-data; boundary=XX\r\n"
        f"Content-Length: {len(MULTIPART)}\r\n\r\n{MULTIPART}"
    ),
    "HTTP/1.0": (
        f"POST /api/images HTTP/1.0\r\n{HEAD}Content-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: 26\r\n\r\ninstance_id=inst1&name=odd"
    ),
    "expecting 100": (f"POST /api/images?instance_id=inst1&name=odd&flag HTTP/1.1\r\n{HEAD}Content-Length: 0\r\n\r\n"),
}


@pytest.mark.parametrize("way", ODD_POSTS)
def test_every_odd_way_of_sending_a_post(live: Live, way: str) -> None:
    assert made(live, ODD_POSTS[way]) == "odd"


def test_a_connection_is_kept_after_an_odd_post(live: Live) -> None:
    """A body that nobody read must not be taken for the next request."""
    with socket.create_connection(("127.0.0.1", live.port), 30) as connection, connection.makefile("rb") as stream:
        for _ in range(2):
            body = b"commit=create"
            connection.sendall(
                f"DELETE /api/images/nope HTTP/1.1\r\n{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body
            )
            assert stream.readline().split()[1] == b"404"
            length = 0
            while (line := stream.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            stream.read(length)
