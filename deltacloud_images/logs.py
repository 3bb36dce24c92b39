"""The server's log: one line an event to standard error, as text or as JSON. Never a credential, a query or a body."""

import json
import logging
import re
import sys
import time
from hashlib import blake2b
from secrets import token_bytes
from typing import Any
from urllib.parse import quote

from deltacloud_images.config import ServerSettings
from deltacloud_images.web.served import Served

_TEXT = "%(asctime)s %(levelname)s %(message)s"
_ISO = "%Y-%m-%dT%H:%M:%SZ"
#: The fields of a request that the text of its line holds in another form.
_IN_MESSAGE = frozenset({"request_id", "method", "path", "status", "duration_ms"})
#: A header of W3C Trace Context, level 1.
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_SAFE = "/:@+,;!*~"
_encode = json.JSONEncoder().encode


class JsonFormatter(logging.Formatter):
    """Each record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """``time``, ``level``, ``message``, and what the record has of ``request_id``, ``driver``, ``exception``."""
        entry = {
            "time": time.strftime(_ISO, time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        entry.update({name: getattr(record, name) for name in ("request_id", "driver") if hasattr(record, name)})
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


class AccessLog:
    """The lines about requests, in the form of the other lines; text and JSON have the same fields.

    They are written without the standard library's log records, which take 20 microseconds of CPU time a request.
    """

    def __init__(self, settings: ServerSettings) -> None:
        """Write lines if the level is ``info`` or ``debug`` and the operator wants them."""
        self.writes = settings.access_log and settings.log_level in ("debug", "info")
        self._json = settings.log_format == "json"
        self._users = settings.log_users
        self._key = token_bytes(32)
        self._second = 0
        self._time = ""

    def write(self, served: Served) -> None:
        """Write a line about a request."""
        now = time.time()
        message = f"{served.method} {served.path} {served.status} {served.seconds * 1000:.1f} ms"
        fields = self._fields(served)
        if self._json:
            line = _encode({"time": self._at(now), "level": "info", "message": message, **fields})
        else:
            rest = " ".join([f"{name}={_word(value)}" for name, value in fields.items() if name not in _IN_MESSAGE])
            line = f"{self._at(now)},{int(now % 1 * 1000):03d} INFO {message} {rest} (request {served.request_id})"
        sys.stderr.write(line + "\n")

    def _fields(self, served: Served) -> dict[str, Any]:
        tally = served.tally
        fields: dict[str, Any] = {
            "request_id": served.request_id,
            "method": served.method,
            "path": served.path,
            "status": served.status,
            "duration_ms": round(served.seconds * 1000, 1),
            "bytes": served.size,
            "client": served.client,
            "driver": served.driver,
            "provider": served.provider,
            "user": self._user(served.user),
            "cloud_calls": len(tally.seconds),
            "cloud_ms": round(sum(tally.seconds, 0.0) * 1000, 1),
        }
        if served.traceparent and _TRACEPARENT.fullmatch(served.traceparent):
            fields["traceparent"] = served.traceparent
        return fields

    def _user(self, user: str) -> str:
        if not user or self._users == "none":
            return ""
        if self._users == "name":
            return user
        return blake2b(user.encode("utf-8", "surrogatepass"), key=self._key, digest_size=8).hexdigest()

    def _at(self, now: float) -> str:
        """Return the second as text, which is made once a second."""
        second = int(now)
        if second != self._second:
            when = time.gmtime(second) if self._json else time.localtime(second)
            self._time = time.strftime(_ISO if self._json else "%Y-%m-%d %H:%M:%S", when)
            self._second = second
        return self._time


def configure(settings: ServerSettings) -> AccessLog:
    """Set level and format of the loggers below ``deltacloud_images``; return the log of requests."""
    logger = logging.getLogger("deltacloud_images")
    logger.setLevel(settings.log_level.upper())
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else logging.Formatter(_TEXT))
    logger.handlers[:] = [handler]
    logger.propagate = False
    return AccessLog(settings)


def _word(value: Any) -> str:
    """Return a value as one word of a line: ``-`` if it is empty, without spaces and control characters."""
    text = str(value)
    if not text:
        return "-"
    return text if text.isascii() and text.isalnum() else quote(text, safe=_SAFE, errors="surrogatepass")
