"""One user's login at one engine: the HTTP session that keeps it, and what the engine has told that user."""

import base64
from contextlib import suppress

import requests
import urllib3
from requests.adapters import HTTPAdapter

from deltacloud_images.driver import Credentials
from deltacloud_images.models import HardwareProfile
from deltacloud_rhevm.config import ProviderSettings
from deltacloud_rhevm.documents import Schema

_CONNECTIONS = 10
_LOGOUT_SECONDS = 2.0


class Account:
    """Lives longer than a request; threads may share it."""

    def __init__(self, settings: ProviderSettings, credentials: Credentials) -> None:
        """Opens no connection yet."""
        self.url = settings.url.rstrip("/")
        self.user = credentials.user
        #: Whether the engine puts linked objects into a list (``follow``): oVirt 4 does. ``None``: not known yet.
        self.follows: bool | None = None
        #: What the engine's documents look like; ``None``: not asked yet.
        self.schema: Schema | None = None
        #: The engine's instance types, and until when (monotonic seconds) they are good.
        self.instance_types: tuple[HardwareProfile, ...] = ()
        self.instance_types_until = 0.0
        self.http = _http_session(settings, credentials)

    def forget_login(self) -> None:
        """Forget the engine's session, so that the next request logs in."""
        self.http.cookies.clear()

    def log_out(self) -> None:
        """End the engine's session, which a request without ``Prefer`` does; what goes wrong then does not matter."""
        if self.http.cookies:
            with suppress(requests.RequestException):
                self.http.head(f"{self.url}/", headers={"Prefer": None}, timeout=_LOGOUT_SECONDS, allow_redirects=False)
        self.http.close()


def _http_session(settings: ProviderSettings, credentials: Credentials) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.verify = (settings.ca_file or True) if settings.verify_tls else False
    if not settings.verify_tls:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    session.mount("https://", HTTPAdapter(pool_maxsize=_CONNECTIONS))
    secret = base64.b64encode(f"{credentials.user}:{credentials.password}".encode()).decode()
    session.headers.update(
        {"Authorization": f"Basic {secret}", "Accept": "application/xml", "Prefer": "persistent-auth"}
    )
    return session
