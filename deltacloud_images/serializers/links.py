"""The absolute links of an answer."""

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

#: Where the API is, below the address of the server.
API_PATH = "/api"
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]+")


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


def path_segment(text: str) -> str:
    """The text as one segment of a path: ``a/b`` is ``a%2Fb``."""
    return text if _PLAIN.fullmatch(text) else _quoted(text)


def matrix(parameters: Mapping[str, str]) -> str:
    """The parameters that have a value as matrix parameters: ``;driver=ec2``."""
    return "".join(f";{name}={quote(value, safe='')}" for name, value in parameters.items() if value)


class Links:
    """Where things are: below ``root``, the scheme, host and prefix that the client used.

    Links hold no character that XML or HTML would want escaped, as everything in them is percent-encoded.

    ``choice`` is the matrix parameters that chose driver and provider (``;driver=ec2``), or empty: every link carries
    them, so that following links stays on that cloud. ``launches`` and so on say what the driver can do.
    """

    __slots__ = ("api", "destroys_images", "destroys_keys", "launches", "path", "root")

    def __init__(
        self,
        root: str,
        choice: str = "",
        *,
        launches: bool = True,
        destroys_images: bool = True,
        destroys_keys: bool = True,
    ) -> None:
        """``root`` has no trailing slash."""
        self.root = root
        self.path = f"{API_PATH}{choice}"
        self.api = f"{root}{self.path}"
        self.launches = launches
        self.destroys_images = destroys_images
        self.destroys_keys = destroys_keys

    def collection(self, name: str) -> str:
        """A collection."""
        return f"{self.api}/{name}"

    def member(self, collection: str, member_id: str) -> str:
        """A member of a collection."""
        return f"{self.api}/{collection}/{path_segment(member_id)}"

    def form(self, collection: str, name: str, value: str) -> str:
        """The page with the form that makes a new member of a collection from something else."""
        return f"{self.api}/{collection}/new?{name}={path_segment(value)}"

    def elsewhere(self, driver: str, provider: str = "") -> str:
        """The entry point of another driver or provider."""
        return f"{self.root}{API_PATH}{matrix({'driver': driver, 'provider': provider})}"
