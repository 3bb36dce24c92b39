"""The server in front of the rig's LXD, asked over HTTP for JSON."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from deltacloud_images import create_app
from tests.drivers.lxd.rig import PASSPHRASE, LxdRig
from tests.web import basic


class Server:
    """A client of the server, as one user."""

    def __init__(self, client: FlaskClient, user: str = "alice", password: str = PASSPHRASE) -> None:
        self._client = client
        self._headers = {"Authorization": basic(user, password), "Accept": "application/json"}

    def as_user(self, user: str, password: str = PASSPHRASE) -> "Server":
        return Server(self._client, user, password)

    def get(self, path: str, status: int = 200) -> Any:
        return self._ask("GET", path, None, status)

    def post(self, path: str, status: int = 201, **form: str) -> Any:
        return self._ask("POST", path, form, status)

    def delete(self, path: str, status: int = 204) -> Any:
        return self._ask("DELETE", path, None, status)

    def _ask(self, method: str, path: str, form: Mapping[str, str] | None, status: int) -> Any:
        response = self._client.open(f"/api{path}", method=method, headers=self._headers, data=form)
        assert response.status_code == status, response.text
        return response.json if response.data else None


def serve(rig: LxdRig, folder: Path, *, task_wait_seconds: Any = 10.0, **provider: Any) -> Server:
    """Return a new server whose configuration lies in the folder."""
    table = rig.provider_table(**provider)
    lines = [
        "[api]",
        'default_driver = "lxd"',
        "[drivers.lxd]",
        f'certificates = "{rig.certificates}"',
        f"task_wait_seconds = {task_wait_seconds}",
        "[drivers.lxd.providers.main]",
        *(f"{key} = {json.dumps(value)}" for key, value in table.items()),
    ]
    config = folder / "config.toml"
    config.write_text("\n".join(lines))
    return Server(create_app(config).test_client())
