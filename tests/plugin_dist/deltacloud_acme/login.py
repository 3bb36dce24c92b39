"""A caller's login at one provider, and requests with its token."""

from typing import Any

import orjson

from deltacloud_acme.errors import failure
from deltacloud_images.driver import Credentials
from deltacloud_images.errors import ProviderError
from deltacloud_images.kit import values
from deltacloud_images.kit.transport import Response, Transport


class Login:
    """A caller who is logged in at one provider. Safe under threads."""

    def __init__(self, transport: Transport, url: str, credentials: Credentials) -> None:
        """Log in; raise ``AcmeError`` if the cloud does not accept the credentials."""
        self._transport = transport
        self._url = url
        self._headers = {"Accept": "application/json", "Content-Type": "application/json"}
        body = orjson.dumps({"user": credentials.user, "password": credentials.password})
        session = values.json_object(self._send("POST", "/sessions", body).body)
        self._headers["Authorization"] = f"Bearer {values.required(session.get('token'), str, 'token')}"

    def get(self, path: str) -> dict[str, Any]:
        """Return the JSON object of a path."""
        return values.json_object(self._send("GET", path).body)

    def delete(self, path: str) -> None:
        """Delete what is at a path, which Acme confirms with the status 204."""
        if self._send("DELETE", path).status != 204:
            raise ProviderError("Acme's response does not confirm that it was deleted.")

    def end(self) -> None:
        """Log out."""
        self._send("DELETE", "/session")

    def _send(self, method: str, path: str, body: bytes | None = None) -> Response:
        response = self._transport.request(method, self._url + path, headers=self._headers, body=body)
        if response.status >= 400:
            raise failure(response)
        return response
