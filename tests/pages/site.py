"""The server under test: gunicorn as a user starts it, with a mock cloud whose file the tests write themselves."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

import requests
from playwright.sync_api import HttpCredentials

CREDENTIALS: HttpCredentials = {"username": "mockuser", "password": "mockpassword"}
OTHER_ACCOUNT: HttpCredentials = {"username": "other", "password": "otherpassword"}

_LOGIN = (CREDENTIALS["username"], CREDENTIALS["password"])
_PLUGIN = Path(__file__).parent / "plugin"
_FAR_AWAY = 1e12
_CONFIGURATION = """
[server]
max_body_bytes = 4096
[drivers.mock]
path = "{folder}/mock.sqlite3"
users = {{ mockuser = "mockpassword", other = "otherpassword" }}
image_build_seconds = 1e9
[drivers.second]
path = "{folder}/second.sqlite3"
"""


class Site:
    """A running server: ``url`` is where. New images stay PENDING until ``finish_images``."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._file = folder / "mock.sqlite3"

    @classmethod
    @contextmanager
    def running(cls, folder: Path) -> Iterator["Site"]:
        """Start one, and stop it in the end."""
        configuration = folder / "config.toml"
        configuration.write_text(_CONFIGURATION.format(folder=folder))
        command = [sys.executable, "-m", "deltacloud_images", "serve", "--config", str(configuration), "--port", "0"]
        environ = {**os.environ, "PYTHONPATH": str(_PLUGIN)}
        with (
            (folder / "log").open("w") as log,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environ) as server,
        ):
            try:
                yield cls(_announced(server.stdout), folder)
            finally:
                server.terminate()

    def renew(self) -> None:
        """Give it a cloud as new."""
        self._file.unlink(missing_ok=True)
        self.get("/api/images").raise_for_status()  # which makes it

    def get(self, path: str, **options: Any) -> requests.Response:
        """What a signed-in program gets."""
        return requests.get(self.url + path, auth=_LOGIN, timeout=60, **options)

    def post(self, path: str, form: dict[str, str], accept: str = "application/xml") -> requests.Response:
        """What it answers to a form, without following it anywhere."""
        return requests.post(
            self.url + path,
            form,
            headers={"Accept": accept},
            auth=_LOGIN,
            timeout=60,
            allow_redirects=False,
        )

    def write(self, sql: str, *values: object) -> list[Any]:
        """Change the cloud behind the server's back."""
        with closing(sqlite3.connect(self._file, timeout=30)) as connection, connection:
            return connection.execute(sql, values).fetchall()

    def finish_images(self) -> None:
        """Let all images become available."""
        self.write("UPDATE images SET available_at = 0")

    def add_image(self, name: str, description: str = "", owner: str = "mockuser", ready: bool = True) -> str:
        """An image; gives its id."""
        rows = self.write(
            "INSERT INTO images (name, description, owner_id, architecture, created_at, available_at)"
            " VALUES (?, ?, ?, 'x86_64', 1760000000 + 86399 * (SELECT count(*) FROM images), ?) RETURNING id",
            *(name, description, owner, 0 if ready else _FAR_AWAY),
        )
        return str(rows[0][0])


def _announced(output: IO[str] | None) -> str:
    """The address that the server prints when it listens."""
    found = re.search(r"http://\S+:\d+", output.readline() if output else "")
    assert found, "the server did not start"
    return found[0]
