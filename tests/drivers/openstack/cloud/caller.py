"""One account's plain HTTP calls to the cloud, past the driver and past the proxies that break connections."""

from dataclasses import dataclass
from typing import Any

import requests

from deltacloud_images.testing import eventually


@dataclass(frozen=True)
class Account:
    """A user with one project, both in the domain Default."""

    user: str
    password: str
    project: str


class Caller:
    """Calls as ``account``; logs in when it has to. ``urls``: keystone, glance, nova -> where they really listen."""

    def __init__(self, account: Account, urls: dict[str, str]) -> None:
        self.account = account
        self._urls = urls
        self.token = ""
        self.project_id = ""

    def login(self) -> None:
        """Get a new token. Waits until keystone takes it: times of revocation count in whole seconds."""
        account, default = self.account, {"name": "Default"}
        user = {"name": account.user, "password": account.password, "domain": default}
        scope = {"project": {"name": account.project, "domain": default}}
        identity = {"methods": ["password"], "password": {"user": user}}

        def accepted() -> bool:
            url = f"{self._urls['keystone']}/v3/auth/tokens"
            answer = requests.post(url, json={"auth": {"identity": identity, "scope": scope}}, timeout=60)
            answer.raise_for_status()
            self.token = answer.headers["X-Subject-Token"]
            self.project_id = answer.json()["token"]["project"]["id"]
            return self._send("GET", "keystone", "/v3/auth/catalog").status_code == 200

        assert eventually(accepted), "keystone accepts no new token"

    def call(self, method: str, service: str, path: str, body: Any = None, **options: Any) -> Any:
        """The decoded answer, ``None`` if it is empty; raises on an error of the cloud."""
        answer = self._send(method, service, path, body, **options)
        if answer.status_code == 401:
            self.login()
            answer = self._send(method, service, path, body, **options)
        if not answer.ok:
            raise AssertionError(f"{method} {answer.url}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def wait_until_refused(self) -> None:
        """Return when none of the services accepts the token any longer."""
        for service, path in (("keystone", "/v3/auth/catalog"), ("glance", "/v2/images"), ("nova", "/v2.1/servers")):
            assert eventually(lambda: self._send("GET", service, path).status_code == 401), service  # noqa: B023

    def exists(self, service: str, path: str) -> bool:
        """Whether GET finds it."""
        return self._send("GET", service, path).status_code == 200

    def _send(
        self, method: str, service: str, path: str, body: Any = None, *, data: bytes | None = None, version: str = ""
    ) -> requests.Response:
        headers = {"X-Auth-Token": self.token}
        if version:
            headers["OpenStack-API-Version"] = f"compute {version}"
        if data is not None:
            headers["Content-Type"] = "application/octet-stream"
        return requests.request(method, self._urls[service] + path, json=body, data=data, headers=headers, timeout=60)

    # What rigs seed and read.

    def create_image(self, name: str, *, bytes_: bytes | None = b"\0" * 4096, **properties: Any) -> str:
        """A new image's id; ACTIVE with bytes, without them QUEUED."""
        fields = {"name": name, "disk_format": "raw", "container_format": "bare", **properties}
        image_id: str = self.call("POST", "glance", "/v2/images", fields)["id"]
        if bytes_ is not None:
            self.call("PUT", "glance", f"/v2/images/{image_id}/file", data=bytes_)
        return image_id

    def images(self) -> list[dict[str, Any]]:
        """All images that glance tells of."""
        found: list[dict[str, Any]] = self.call("GET", "glance", "/v2/images?limit=1000")["images"]
        return found

    def image(self, image_id: str) -> dict[str, Any]:
        """One image as glance tells it."""
        found: dict[str, Any] = self.call("GET", "glance", f"/v2/images/{image_id}")
        return found

    def boot(self, image_id: str, name: str = "seeded") -> str:
        """A new instance's id, as soon as it is ACTIVE."""
        server = {"name": name, "imageRef": image_id, "flavorRef": "1", "networks": "none"}
        server_id: str = self.call("POST", "nova", "/v2.1/servers", {"server": server}, version="2.37")["server"]["id"]
        assert self.settled(server_id), self.server(server_id)
        return server_id

    def server(self, server_id: str) -> dict[str, Any]:
        """One instance as nova tells it."""
        found: dict[str, Any] = self.call("GET", "nova", f"/v2.1/servers/{server_id}")["server"]
        return found

    def servers(self) -> list[dict[str, Any]]:
        """The caller's instances."""
        found: list[dict[str, Any]] = self.call("GET", "nova", "/v2.1/servers/detail")["servers"]
        return found

    def act(self, server_id: str, action: str, body: Any = None) -> None:
        """Nova's action on an instance."""
        self.call("POST", "nova", f"/v2.1/servers/{server_id}/action", {action: body})

    def settled(self, server_id: str, status: str = "ACTIVE") -> bool:
        """Whether the instance comes to that status and has nothing to do."""

        def is_settled() -> bool:
            server = self.server(server_id)
            assert server["status"] != "ERROR", server.get("fault")
            return bool(server["status"] == status and server["OS-EXT-STS:task_state"] is None)

        return eventually(is_settled)
