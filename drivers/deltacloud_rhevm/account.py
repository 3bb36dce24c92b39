"""One user's login at one engine: the session that the engine keeps, and what it has told that user."""

import base64

from deltacloud_images.driver import Credentials
from deltacloud_images.kit.cached import Cached
from deltacloud_images.kit.transport import Response, Transport
from deltacloud_images.models import HardwareProfile
from deltacloud_rhevm.config import ProviderSettings
from deltacloud_rhevm.documents import Schema

_KEPT_SECONDS = 300.0
_SESSION_COOKIE = "JSESSIONID"


class Account:
    """Outlives a request; threads may share it. The engine's session begins with the first response.

    Source: "Authentication" in the REST API Guide: ``Prefer: persistent-auth`` makes a session, whose cookie replaces
    the password, and a request without it ends the session.
    """

    def __init__(self, transport: Transport, settings: ProviderSettings, credentials: Credentials) -> None:
        """Send nothing yet. ``transport`` is shared by all users of the engine."""
        #: Whether the engine puts linked objects into a list (``follow``): oVirt 4 does. ``None``: not known yet.
        self.follows: bool | None = None
        #: What the engine's documents look like; ``None``: not asked yet.
        self.schema: Schema | None = None
        #: Whether requests are limited to what the user has permissions for; ``None``: until the engine demands it.
        self.filtered: bool | None = None if settings.filter == "auto" else settings.filter
        self.instance_types: Cached[tuple[HardwareProfile, ...]] = Cached(_KEPT_SECONDS)
        #: The ids of the clusters of the provider's data center.
        self.clusters: Cached[frozenset[str]] = Cached(_KEPT_SECONDS)
        self._url = settings.url.rstrip("/")
        self._transport = transport
        self._cookie = ""
        secret = base64.b64encode(f"{credentials.user}:{credentials.password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {secret}", "Accept": "application/xml", "Prefer": "persistent-auth"}

    def request(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> Response:
        """Return the engine's response to a request within this session. ``path`` is relative to the API's."""
        common = {**self._headers, "Filter": "true" if self.filtered else "false"}  # else the engine's own default
        if self._cookie:
            common["Cookie"] = self._cookie
        response = self._transport.request(method, self._url + path, headers={**common, **headers}, body=body)
        for cookie in response.headers.getlist("Set-Cookie"):
            if cookie.startswith(f"{_SESSION_COOKIE}="):
                self._cookie = cookie.partition(";")[0]
        return response

    def log_out(self) -> None:
        """End the engine's session."""
        if self._cookie:
            headers = {"Authorization": self._headers["Authorization"], "Cookie": self._cookie}
            self._transport.exchange("HEAD", f"{self._url}/", headers=headers)
