"""The server's log: one line an event to standard error, as text or as JSON. Never a credential, a query or a body."""

import json
import logging
import time

from deltacloud_images.config import ServerSettings

_TEXT = "%(asctime)s %(levelname)s %(message)s"


class JsonFormatter(logging.Formatter):
    """Each record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """``time``, ``level``, ``message``, and what the record has of ``request_id``, ``driver``, ``exception``."""
        entry = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        entry.update({name: getattr(record, name) for name in ("request_id", "driver") if hasattr(record, name)})
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def configure(settings: ServerSettings) -> None:
    """Set level and format of the loggers below ``deltacloud_images``."""
    logger = logging.getLogger("deltacloud_images")
    logger.setLevel(settings.log_level.upper())
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else logging.Formatter(_TEXT))
    logger.handlers[:] = [handler]
    logger.propagate = False
