"""Reads paths as the client sent them: matrix parameters out, each segment decoded once.

WSGI's ``PATH_INFO`` is decoded, so that an encoded slash or semicolon in an id can no longer be told from a real one.
This middleware goes back to the raw request target and gives Flask a path whose segments are percent-encoded in one
canonical way, without matrix parameters; the converter ``segment`` decodes them.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, unquote_to_bytes

from werkzeug.routing import BaseConverter

from deltacloud_images.serializers import API_PATH

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MATRIX = "deltacloud.matrix"
PROBLEM = "deltacloud.path_problem"
#: The segment of the path whose matrix parameters choose the cloud, and their names.
API_SEGMENT = API_PATH.count("/")
CLOUD_CHOICE = ("driver", "provider")

_BROKEN_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SLASHES = re.compile("//+")
_SIMPLE = re.compile(r"[A-Za-z0-9_.~/-]*")

#: A matrix parameter whose value is not shown.
_SECRET = re.compile("(;(?!(?:driver|provider)=)[^;/=]*)=[^;/]*")

#: Matrix parameters: (index of the segment, name, value), as they stand in the path.
Matrix = tuple[tuple[int, str, str], ...]


class Segment(BaseConverter):
    """One segment of the path, any text."""

    def to_python(self, value: str) -> str:
        """Decode."""
        return unquote(value)

    def to_url(self, value: Any) -> str:
        """Encode."""
        return quote(str(value), safe="")


class RawPaths:
    """WSGI middleware that sets ``PATH_INFO``, ``deltacloud.matrix`` and, for a broken path, its problem in words."""

    def __init__(self, application: "WSGIApplication") -> None:
        """``application`` is called with the mended environment."""
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request."""
        path = raw_path(environ)
        environ[MATRIX] = ()
        if "//" in path:  # from clients that append a path to a base URL with a trailing slash
            path = _SLASHES.sub("/", path)
        if not _SIMPLE.fullmatch(path):
            try:
                path, environ[MATRIX] = split(path)
            except ValueError as error:
                environ[PROBLEM] = str(error)
                path = "/"
        environ["PATH_INFO"] = path
        return self._application(environ, start_response)


def raw_path(environ: "WSGIEnvironment") -> str:
    """The path as sent, without query, host and the prefix below which the application is mounted."""
    target: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or quote(environ["PATH_INFO"], encoding="latin1")
    path = target.partition("?")[0]
    if not path.startswith("/"):
        path = "/" + path.partition("://")[2].partition("/")[2]
    return path.removeprefix(environ.get("SCRIPT_NAME", ""))


def shown_path(environ: "WSGIEnvironment") -> str:
    """Return the path for logs and errors: without the values of matrix parameters other than driver and provider.

    Such parameters may hold a password: ``/api/instances;password=***``.
    """
    path = raw_path(environ)
    return _SECRET.sub(r"\1=***", path) if ";" in path else path


def split(path: str) -> tuple[str, Matrix]:
    """The canonical path and its matrix parameters. Raises ``ValueError``, in words, for what cannot be decoded."""
    segments: list[str] = []
    matrix: list[tuple[int, str, str]] = []
    for index, segment in enumerate(path.split("/")):
        name, *parameters = segment.split(";")
        segments.append(quote(_decode(name), safe=""))
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            matrix.append((index, _decode(key), _decode(value)))
    return "/".join(segments), tuple(matrix)


def _decode(text: str) -> str:
    if broken := _BROKEN_PERCENT.search(text):
        raise ValueError(f"The path holds a broken percent-encoding: '{text[broken.start() : broken.start() + 3]}'.")
    try:
        return unquote_to_bytes(text.encode("latin1")).decode()
    except UnicodeError:
        raise ValueError("The path is not UTF-8 text.") from None
