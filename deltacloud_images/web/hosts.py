"""The server's public host name: which one a request used, and whether a browser's request comes from our own pages."""

from collections.abc import Mapping
from typing import Any

from flask import Request

from deltacloud_images.errors import Forbidden, ValidationFailure


def public_host(environ: Mapping[str, Any]) -> str:
    """Return the host and port that the client used.

    Raises ``ValidationFailure`` for a request of HTTP/1.1 without ``Host`` (RFC 9112, section 3.2). If a proxy's
    ``X-Forwarded-Port`` is 80 or 443, the port is left out: it is the scheme's own, or that of a hop behind TLS.
    """
    host: str | None = environ.get("HTTP_HOST")
    if host is None and environ.get("SERVER_PROTOCOL") == "HTTP/1.1":
        raise ValidationFailure("The Host header is missing.")
    host = host or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return _without_port(host) if "HTTP_X_FORWARDED_PORT" in environ else host


def _without_port(host: str) -> str:
    """Leave out the port of a scheme, which proxies name although no client writes it."""
    return host.removesuffix(":80").removesuffix(":443")


def refuse_cross_site(request: Request) -> None:
    """Raise ``Forbidden`` for a request that changes something and that a browser sent from another site's page.

    The browser's own verdict in ``Sec-Fetch-Site`` decides, which scripts cannot set. Without it, ``Origin`` has to
    name the host that the request was sent to.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site in ("same-origin", "none"):
        return
    origin = request.headers.get("Origin")
    own = _without_port(public_host(request.environ))
    foreign = origin is not None and _without_port(origin.partition("://")[2]) != own
    if foreign or site == "cross-site":
        raise Forbidden(
            "The request comes from another site's page; the API accepts changes only from its own pages. If the page "
            "is its own, a proxy in between changes the Host header: it has to pass on the client's, port included."
        )
