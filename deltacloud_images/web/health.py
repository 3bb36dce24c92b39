"""Tells load balancers and operators whether the server runs (``/healthz``) and takes requests (``/readyz``).

Neither asks a cloud, needs credentials or negotiates a format. Both are answered before the application sees the
request, so that no share of threads, header or path of the API matters.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PLAIN = "text/plain; charset=utf-8"
_OK = ("200 OK", b"ok\n", _PLAIN)
_STOPPING = ("503 Service Unavailable", b"stopping\n", _PLAIN)
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_NOT_ALLOWED = ("405 Method Not Allowed", b"GET or HEAD\n", _PLAIN)


class Health:
    """WSGI middleware. ``stops`` is set when the server does not take other requests any more."""

    def __init__(self, application: "WSGIApplication") -> None:
        """``application`` serves everything else."""
        self._application = application
        self.stops = False
        self._checks: dict[str, Callable[[], tuple[str, bytes, str]]] = {
            "/healthz": lambda: _OK,
            "/readyz": lambda: _STOPPING if self.stops else _OK,
        }

    def show_metrics(self, text: Callable[[], bytes]) -> None:
        """Serve ``/metrics`` from now on, with what ``text`` returns."""
        self._checks["/metrics"] = lambda: ("200 OK", text(), _METRICS_TYPE)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request."""
        check = self._checks.get(environ["PATH_INFO"])
        if check is None:
            return self._application(environ, start_response)
        status, body, content_type = check() if environ["REQUEST_METHOD"] in ("GET", "HEAD") else _NOT_ALLOWED
        headers = [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        if status is _NOT_ALLOWED[0]:
            headers.append(("Allow", "GET, HEAD"))
        start_response(status, headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]
