"""Rackspace's front door before the real OpenStack: Identity v2.0 with API keys, and a catalog of version 2.

Only this is ours. The tokens that it gives are keystone's, and its catalog leads to the real nova (``/v2/<tenant>/``,
as Rackspace has it) and glance.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.drivers.openstack.cloud import OpenStack
from tests.drivers.openstack.cloud.caller import Account

REGIONS = ("DFW", "LON")


class Front:
    """Listens on a free port of loopback. ``logins`` counts the tokens that it has given."""

    def __init__(self, cloud: OpenStack, api_keys: Mapping[str, tuple[str, Account]]) -> None:
        """``api_keys``: user name -> API key and the account of OpenStack behind it."""
        self.logins = 0
        self.token_seconds = 86400
        self._cloud = cloud
        self._api_keys = api_keys
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.address: tuple[str, int] = ("127.0.0.1", self._server.server_address[1])
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def log_in(self, auth: Mapping[str, Any]) -> dict[str, Any] | None:
        """The body of a good answer; ``None`` for wrong credentials."""
        given = auth.get("RAX-KSKEY:apiKeyCredentials") or auth.get("passwordCredentials") or {}
        api_key, account = self._api_keys.get(given.get("username", ""), ("", None))
        by_key = bool(api_key) and given.get("apiKey") == api_key
        if account is None or not (by_key or given.get("password") == account.password):
            return None
        self.logins += 1
        caller = self._cloud.caller(account)
        expires = datetime.now(UTC) + timedelta(seconds=self.token_seconds)
        tenant = {"id": caller.project_id, "name": caller.project_id}
        return {
            "access": {
                "token": {
                    "id": caller.token,
                    "expires": expires.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                    "tenant": tenant,
                    "RAX-AUTH:authenticatedBy": ["APIKEY" if by_key else "PASSWORD"],
                },
                "user": {"id": "1", "name": account.user, "roles": [{"id": "1", "name": "identity:user-admin"}]},
                "serviceCatalog": self._catalog(caller.project_id),
            }
        }

    def _catalog(self, tenant: str) -> list[dict[str, Any]]:
        """Region by region. The first generation's servers are there too: they have no region, and are not for us."""
        nova, glance = f"{self._cloud.public_urls['nova']}/v2/{tenant}", f"{self._cloud.public_urls['glance']}/v2"
        old = {"tenantId": tenant, "publicURL": f"https://servers.example.invalid/v1.0/{tenant}"}
        return [
            {"name": "cloudServers", "type": "compute", "endpoints": [old]},
            {"name": "cloudServersOpenStack", "type": "compute", "endpoints": _endpoints(nova, tenant)},
            {"name": "cloudImages", "type": "image", "endpoints": _endpoints(glance, tenant)},
        ]


def _endpoints(url: str, tenant: str) -> list[dict[str, str]]:
    return [{"region": region, "tenantId": tenant, "publicURL": url} for region in REGIONS]


def _handler(front: Front) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path != "/v2.0/tokens":
                return self._answer(404, {"itemNotFound": {"code": 404, "message": "Resource not found"}})
            body = front.log_in(request["auth"])
            refusal = {"unauthorized": {"code": 401, "message": "Username or api key is invalid."}}
            return self._answer(200, body) if body else self._answer(401, refusal)

        def _answer(self, status: int, answer: Mapping[str, Any]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
