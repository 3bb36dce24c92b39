"""The limits of clients' connections."""

from dataclasses import dataclass
from typing import Any

from deltacloud_images.config import ServerSettings


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for the connections of one worker: seconds, bytes and counts."""

    threads: int
    connections: int
    head_seconds: float
    body_seconds: float
    write_seconds: float
    keepalive_seconds: float
    body_bytes: int

    @classmethod
    def of(cls, application: Any) -> "Limits":
        """Return the limits that an application's configuration sets; for a foreign application, the defaults."""
        services = getattr(application, "extensions", {}).get("deltacloud_images")
        settings = services.settings.server if services else ServerSettings()
        return cls(
            threads=settings.threads,
            connections=settings.max_connections,
            head_seconds=settings.head_timeout_seconds,
            body_seconds=settings.body_timeout_seconds,
            write_seconds=settings.write_timeout_seconds,
            keepalive_seconds=settings.keepalive_seconds,
            body_bytes=settings.max_body_bytes,
        )
