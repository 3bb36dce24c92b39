"""What all tests share: a configuration on a fresh mock cloud, a client in the process, and a live gunicorn."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from deltacloud_images import create_app
from deltacloud_images.testing import eventually
from tests.documents import check_response
from tests.web import AUTHORIZATION, Answer, exchange


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the tests of one cloud, of the pages and of the clients run in one process, which starts what they share."""
    for item in items:
        parts = item.path.relative_to(Path(__file__).parent).parts
        group = "/".join(parts[:2]) if parts[0] in ("drivers", "api", "kit", "serving") else parts[0]
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration file for a mock cloud of its own, with a second account."""
    return write_config(tmp_path)


_USERS = '[drivers.mock.users]\nmockuser = "mockpassword"\nsecond = "other"\n'


def write_config(folder: Path, server: str = "", mock: str = "", users: str = _USERS) -> Path:
    """A configuration file; ``server`` and ``mock`` are more lines of those tables, ``users`` the mock's accounts."""
    path = folder / "config.toml"
    path.write_text(
        f'[server]\nlog_level = "warning"\n{server}\n[drivers.mock]\npath = "{folder}/mock.sqlite3"\n{mock}\n{users}'
    )
    return path


@pytest.fixture
def app(config: Path) -> Flask:
    return create_app(config)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client in this process, with the mock cloud's credentials."""
    return client_of(app)


class Client(FlaskClient):
    """Asks as if the server were at localhost:3001, and holds each response to the API's documents."""

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        options.setdefault("base_url", "http://localhost:3001")
        response = super().open(*arguments, **options)
        check_response(self.application, response)
        return response


def client_of(app: Flask, authorization: str = AUTHORIZATION) -> FlaskClient:
    app.test_client_class = Client
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = authorization
    return client


@dataclass(frozen=True)
class Live:
    """A live server."""

    port: int
    process: subprocess.Popen[bytes]
    folder: Path

    def send(self, raw: bytes) -> Answer:
        """Send raw bytes over a connection of their own and read one answer."""
        return exchange(self.port, raw)

    def get(self, target: str, *headers: str) -> Answer:
        lines = [f"GET {target} HTTP/1.1", "Host: localhost:3001", f"Authorization: {AUTHORIZATION}", *headers]
        return self.send("\r\n".join([*lines, "Connection: close", "", ""]).encode())


@contextmanager
def gunicorn(folder: Path, config: Path, environ: Mapping[str, str] | None = None) -> Iterator[Live]:
    """The gunicorn command as the README has it, on a free port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "-c", "python:deltacloud_images.gunicorn", "-b", f"127.0.0.1:{port}"]
    with (folder / "gunicorn.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "deltacloud_images:create_app()"],
            env={**os.environ, "DELTACLOUD_IMAGES_CONFIG": str(config), **(environ or {})},
            stderr=log,
        )
    try:
        assert eventually(lambda: answers(port)), (folder / "gunicorn.log").read_text()
        yield Live(port, process, folder)
    finally:
        process.terminate()
        process.wait(60)


def answers(port: int) -> bool:
    try:
        return exchange(port, b"GET /api HTTP/1.0\r\n\r\n").status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A live gunicorn for the tests of one module."""
    folder = tmp_path_factory.mktemp("live")
    with gunicorn(folder, write_config(folder)) as server:
        yield server
