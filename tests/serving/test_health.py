"""What load balancers ask for: whether the server runs, and whether it takes requests."""

import signal
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask

from deltacloud_images.testing import eventually
from tests.serving.server import COMMANDS, HEAD, Server, read_all, running, status_of


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_it_is_fine_without_credentials_and_in_one_format(app: Flask, path: str) -> None:
    client = app.test_client()
    for headers in ({}, {"Accept": "image/png"}, {"X-Deltacloud-Driver": "none"}, {"Host": "a b"}):
        response = client.get(path, headers=headers)
        assert (response.status_code, response.data) == (200, b"ok\n")
        assert response.content_type == "text/plain; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-store"
    assert (client.head(path).status_code, client.head(path).data) == (200, b"")
    refused = client.post(path)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert client.get(f"{path}/").status_code == 404


def refuses(server: Server) -> bool:
    """Whether no new connection is accepted: every worker has begun to stop."""
    try:
        server.connect().close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_answered_while_every_cloud_hangs_and_while_the_server_stops(tmp_path: Path, command: str) -> None:
    hangs = f"GET /api;driver=slow;provider=2.5/images HTTP/1.1\r\n{HEAD}\r\n".encode()
    with (
        running(tmp_path, command, server="workers = 1\nthreads = 10\nthreads_per_cloud = 9") as server,
        ExitStack() as opened,
    ):
        for _ in range(20):
            opened.enter_context(server.connect(hangs))
        assert [server.get(path).status for path in ("/healthz", "/readyz")] == [200, 200]
        late = [opened.enter_context(server.connect(b"GET /" + path)) for path in (b"readyz", b"healthz")]
        assert server.get("/api").status == 200  # so that they have been accepted
        server.process.send_signal(signal.SIGTERM)
        assert eventually(lambda: refuses(server))
        for connection in late:
            connection.sendall(b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert [status_of(read_all(connection)) for connection in late] == [503, 200]
