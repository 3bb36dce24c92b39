"""What gunicorn does in its own way, brought in line with every other WSGI server.

gunicorn drops the application's ``Server`` header and sends its own; it believes ``X-Forwarded-Proto`` from loopback
unless told otherwise; and it answers request lines beyond 8,190 bytes itself, whatever its options say, with a page and
a status that Deltacloud's clients do not know.
"""

import ssl
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING

from flask import Flask

from deltacloud_images.web.hooks import SERVER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


#: Bytes; longer ones are left to gunicorn. Takes effect up to its option ``--limit-request-line``.
MAX_REQUEST_LINE = 64 * 1024


def adapt(app: Flask, *, believes_proxies: bool) -> None:
    """Adapt gunicorn, where it is what serves; with ``believes_proxies`` forwarded headers are the proxy's to set."""
    if "gunicorn" not in sys.modules:
        return
    import_module("gunicorn.http.wsgi").SERVER = SERVER  # type: ignore[attr-defined]
    import_module("gunicorn.http.message").MAX_REQUEST_LINE = MAX_REQUEST_LINE  # type: ignore[attr-defined]
    app.config["SENDS_SERVER_HEADER"] = False
    if not believes_proxies:
        app.wsgi_app = _OwnScheme(app.wsgi_app)  # type: ignore[method-assign]


class _OwnScheme:
    """The scheme is what the socket speaks, whatever a header says."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        encrypted = isinstance(environ.get("gunicorn.socket"), ssl.SSLSocket)
        environ["wsgi.url_scheme"] = "https" if encrypted else "http"
        return self._application(environ, start_response)
