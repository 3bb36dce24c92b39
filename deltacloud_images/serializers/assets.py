"""Files that are served as they are: the pages' style sheet, script and icon, and the schema of the XML."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files

_TYPES = {
    "pages.css": "text/css; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file for browsers. ``version`` is a digest of its content."""

    content: str
    content_type: str
    version: str


@lru_cache
def asset(name: str) -> Asset | None:
    """The file of that name, or ``None``."""
    if name not in _TYPES:
        return None
    content = files("deltacloud_images").joinpath("static", name).read_text("utf-8")
    return Asset(content, _TYPES[name], blake2b(content.encode(), digest_size=8).hexdigest())


@lru_cache
def relax_ng() -> str:
    """Return the RELAX NG schema of the XML."""
    return files("deltacloud_images").joinpath("static", "schema.rng").read_text("utf-8")


@lru_cache
def address(name: str) -> str:
    """Where a file is, below the server's root; at that address it never changes. Raises ``LookupError``."""
    found = asset(name)
    if found is None:
        raise LookupError(name)
    return f"/static/{name}?v={found.version}"
