"""Large lists: streamed with bounded memory, whole when small, cut and never falsely closed when the cloud fails."""

import socket
import sqlite3
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree

from deltacloud_images.errors import ProviderError
from deltacloud_images.models import Image, ImageFilter
from deltacloud_images.web.responses import MAX_DOCUMENT
from deltacloud_mock.session import MockSession
from tests.conftest import Live, client_of, gunicorn, write_config
from tests.web import AUTHORIZATION


def fill(folder: Path, count: int) -> None:
    with closing(sqlite3.connect(folder / "mock.sqlite3")) as connection, connection:
        connection.executemany(
            "INSERT INTO images (name, description, owner_id, architecture, created_at, available_at)"
            " VALUES (?, '', 'mockuser', 'x86_64', 0, 0)",
            ((f"image {number}",) for number in range(count)),
        )


@pytest.mark.parametrize("wanted", ["xml", "json"])
def test_a_large_list_is_complete(client: FlaskClient, tmp_path: Path, wanted: str) -> None:
    fill(tmp_path, 5000)
    answer = client.get(f"/api/images?format={wanted}")
    assert answer.status_code == 200
    assert len(answer.data) > MAX_DOCUMENT
    if wanted == "xml":
        names = [image.findtext("name") for image in etree.fromstring(answer.data)]
    else:
        names = [image["name"] for image in answer.get_json()["images"]]
    assert names == ["img1", "img2", "img3", *(f"image {number}" for number in range(5000))]


def test_a_large_list_streams_with_bounded_memory(client: FlaskClient, tmp_path: Path) -> None:
    fill(tmp_path, 20_000)
    size = 0
    tracemalloc.start()
    for piece in client.get("/api/images").iter_encoded():
        size += len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 20_000 * 1000
    assert peak < size / 3


class Session(MockSession):
    """Remembers whether it was closed; its list fails after so many images."""

    closed = 0
    good = 10**9

    def images(self, wanted: ImageFilter) -> Iterator[Image]:
        for number in range(10**6):
            if number == Session.good:
                raise ProviderError("the cloud broke")
            yield Image(f"img{number}", "x" * 1000)

    def close(self) -> None:
        Session.closed += 1


@pytest.fixture
def endless(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setattr("deltacloud_mock.driver.MockSession", Session)
    monkeypatch.setattr(Session, "closed", 0)
    return client_of(app)


def test_a_failure_before_the_answer_has_begun_is_an_error(
    endless: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "good", 100)
    answer = endless.get("/api/images")
    assert answer.status_code == 502
    assert answer.text.startswith("<error status='502'")
    assert Session.closed == 1


def test_a_failure_in_the_middle_cuts_the_answer(endless: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "good", 5000)
    answer = endless.get("/api/images", buffered=False)
    pieces = iter(answer.iter_encoded())
    assert next(pieces).startswith(b"<?xml")
    with pytest.raises(ProviderError):
        list(pieces)
    answer.close()
    assert Session.closed == 1


def test_a_client_that_goes_away_closes_the_session(endless: FlaskClient) -> None:
    answer = endless.get("/api/images", buffered=False)
    next(iter(answer.iter_encoded()))
    assert Session.closed == 0
    answer.close()
    assert Session.closed == 1


def test_head_of_an_endless_list_ends(endless: FlaskClient) -> None:
    answer = endless.head("/api/images")
    assert (answer.status_code, answer.data) == (200, b"")
    answer.close()
    assert Session.closed == 1


def test_a_large_list_over_the_wire(live: Live) -> None:
    fill(live.folder, 3000)
    answer = live.get("/api/images")
    assert answer["Transfer-Encoding"] == "chunked"
    assert answer.all("ETag") == []
    assert len(etree.fromstring(answer.body)) == 3003
    old = live.send(b"GET /api/images HTTP/1.0\r\nAuthorization: Basic bW9ja3VzZXI6bW9ja3Bhc3N3b3Jk\r\n\r\n")
    assert len(etree.fromstring(old.body)) == 3003


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Callable[[str], socket.socket]]:
    """A function that asks for a large list, and breaks the cloud when the response has begun."""
    with gunicorn(tmp_path, write_config(tmp_path)) as live, ExitStack() as stack:
        assert live.get("/api/images").status == 200  # which makes the cloud's file
        fill(tmp_path, 20_000)

        def ask(version: str) -> socket.socket:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", live.port), 30))
            head = f"GET /api/images {version}\r\nHost: localhost\r\nAuthorization: {AUTHORIZATION}\r\n\r\n"
            connection.sendall(head.encode())
            assert connection.recv(12, socket.MSG_WAITALL)[8:] == b" 200"
            (tmp_path / "broken").write_bytes(b"garbage " * 999)
            (tmp_path / "broken").rename(tmp_path / "mock.sqlite3")
            return connection

        yield ask


def test_a_list_cut_over_http_1_0_ends_in_a_reset(begun: Callable[[str], socket.socket]) -> None:
    with begun("HTTP/1.0").makefile("rb") as stream, pytest.raises(ConnectionResetError):
        stream.read()


def test_a_list_cut_over_http_1_1_lacks_the_last_chunk(begun: Callable[[str], socket.socket]) -> None:
    with begun("HTTP/1.1").makefile("rb") as stream:
        received = stream.read()
    assert len(received) > MAX_DOCUMENT
    assert not received.endswith(b"0\r\n\r\n")
    assert b"</images>" not in received
