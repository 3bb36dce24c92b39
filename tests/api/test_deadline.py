"""The time limit of a request over HTTP: for the whole until the response begins, and over when the client leaves."""

import socket
import time
from pathlib import Path

from deltacloud_images import create_app
from deltacloud_images.web.clients import disconnected
from tests.conftest import client_of, gunicorn, write_config
from tests.web import AUTHORIZATION

GRACE_SECONDS = 2.0
LIST = f"GET /api/images HTTP/1.1\r\nHost: localhost:3001\r\nAuthorization: {AUTHORIZATION}\r\n\r\n".encode()


def test_a_cloud_that_is_too_slow_is_a_504_that_says_the_limit(tmp_path: Path) -> None:
    config = write_config(tmp_path, server="backend_timeout_seconds = 0.1", mock="delay_seconds = 60.0")
    started = time.monotonic()
    answer = client_of(create_app(config)).get("/api/images?format=json")
    assert time.monotonic() - started < 0.1 + GRACE_SECONDS
    assert answer.status_code == 504
    assert answer.get_json() == {
        "code": 504,
        "message": "The cloud did not respond within the limit of 0.1 seconds.",
        "error": "ProviderTimeout",
    }


def test_requests_whose_clients_have_left_hold_no_thread(tmp_path: Path) -> None:
    """Sixteen requests take all threads of the workers, and wait for a cloud that takes a minute."""
    with gunicorn(tmp_path, write_config(tmp_path, mock="delay_seconds = 60.0")) as live:
        for _ in range(16):
            with socket.create_connection(("127.0.0.1", live.port)) as client:
                client.sendall(LIST)
        started = time.monotonic()
        for _ in range(8):
            assert live.get("/api").status == 200
        assert time.monotonic() - started < GRACE_SECONDS


def test_a_client_has_left_when_it_has_closed_its_connection() -> None:
    server, client = socket.socketpair()
    has_left = disconnected({"gunicorn.socket": server})
    assert has_left is not None
    assert not has_left()
    client.sendall(b"GET /next HTTP/1.1\r\n")
    assert not has_left()
    client.close()
    assert has_left()
    server.close()
    assert has_left()
    assert disconnected({}) is None
