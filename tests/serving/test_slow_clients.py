"""Clients that send slowly, or nothing, or do not read: they hold up nobody else, and not for long."""

import select
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from deltacloud_images.testing import eventually
from tests.serving.server import HEAD, Server, read_all, running, status_of

TIMEOUT = 2.0
LIMITS = f"head_timeout_seconds = {TIMEOUT}\nbody_timeout_seconds = {TIMEOUT}\nwrite_timeout_seconds = {TIMEOUT}\n"
POST = f"POST /api/images HTTP/1.1\r\n{HEAD}Content-Type: application/x-www-form-urlencoded\r\n"
BEGINNINGS = {
    "silent": b"",
    "head": b"GET /api HTTP/1.1\r\nHost: local",
    "body": f"{POST}Content-Length: 100\r\n\r\nname=".encode(),
    "chunk": f"{POST}Transfer-Encoding: chunked\r\n\r\n10\r\nname".encode(),
}


@pytest.fixture(scope="module")
def defaults(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with default limits."""
    with running(tmp_path_factory.mktemp("defaults")) as server:
        yield server


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with short time limits, few connections, and few threads for a cloud."""
    more = f"{LIMITS}workers = 1\nmax_connections = 40\nthreads = 16\nthreads_per_cloud = 4"
    with running(tmp_path_factory.mktemp("strict"), server=more) as server:
        fill(server.folder)
        yield server


def fill(folder: Path) -> None:
    """Put so many images into the mock cloud that a list of them exceeds the buffers of a connection."""
    with closing(sqlite3.connect(folder / "mock.sqlite3")) as connection, connection:
        connection.executemany(
            "INSERT INTO images (name, description, owner_id, architecture, created_at, available_at)"
            " VALUES (?, '', 'mockuser', 'x86_64', 0, 0)",
            ((f"image {number}",) for number in range(10_000)),
        )


def is_reset(connection: socket.socket) -> bool:
    """Return whether the server has reset the connection, without reading from it."""
    poll = select.poll()
    poll.register(connection, 0)
    return bool(poll.poll(0))


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_others_are_served_while_many_send_slowly(defaults: Server, beginning: str) -> None:
    with ExitStack() as opened:
        for _ in range(300):
            opened.enter_context(defaults.connect(BEGINNINGS[beginning]))
        assert [defaults.get(path).status for path in ("/api", "/api/images", "/api/images/img1")] == [200] * 3


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_a_request_that_does_not_arrive_in_time_closes_its_connection(strict: Server, beginning: str) -> None:
    with strict.connect(BEGINNINGS[beginning], timeout=2 * TIMEOUT + 2) as connection:
        assert read_all(connection) == b""


def test_a_dribbled_request_is_served_if_it_arrives_in_time(strict: Server) -> None:
    body = b"instance_id=inst1&name=slow"
    raw = f"{POST}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    with strict.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for position in range(0, len(raw), 7):
            connection.sendall(raw[position : position + 7])
        assert status_of(read_all(connection)) == 201


@pytest.mark.parametrize("path", ["/api/images", "/api"])
def test_a_body_that_is_too_large_closes_its_connection_after_413(strict: Server, path: str) -> None:
    with strict.connect(f"POST {path} HTTP/1.1\r\n{HEAD}Content-Length: 99999999\r\n\r\nname=".encode()) as connection:
        connection.settimeout(0.2)
        received, end = b"", time.monotonic() + 6
        while time.monotonic() < end:
            try:
                connection.sendall(b"x")
                data = connection.recv(65536)
            except TimeoutError:
                continue
            except ConnectionError:
                break
            received += data
        assert status_of(received) in (405, 413)
        assert b"\r\nConnection: close\r\n" in received
        assert time.monotonic() < end, "the connection was not closed"


def test_clients_that_do_not_read_are_cut_off(strict: Server) -> None:
    """As many as the cloud has threads read nothing; their threads are free when their time limit is over."""
    with ExitStack() as opened:
        crowd = []
        for _ in range(4):
            connection = opened.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(20)
            connection.connect(("127.0.0.1", strict.port))
            connection.sendall(f"GET /api/images HTTP/1.1\r\n{HEAD}\r\n".encode())
            crowd.append(connection)
        assert strict.get("/api").status == 200
        assert strict.get("/api/images/img1").status == 200
        assert eventually(lambda: all(is_reset(connection) for connection in crowd))


def test_the_connection_that_is_idle_for_longest_gives_way_to_a_new_one(strict: Server) -> None:
    with ExitStack() as opened:
        crowd = [opened.enter_context(strict.connect()) for _ in range(40)]
        assert strict.get("/api").status == 200
        crowd[0].settimeout(1)
        assert crowd[0].recv(1) == b""
        crowd[-1].sendall(f"GET /api HTTP/1.1\r\n{HEAD}Connection: close\r\n\r\n".encode())
        assert status_of(read_all(crowd[-1])) == 200
