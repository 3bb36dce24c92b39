"""Runs the application under gunicorn, configured from our settings alone."""

import os
import socket
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from deltacloud_images.config import ServerSettings
from deltacloud_images.errors import ConfigurationError
from deltacloud_images.web.gunicorn import MAX_REQUEST_LINE

_GRACE_SECONDS = 30


def listen(settings: ServerSettings) -> socket.socket:
    """A listening socket; raises ``ConfigurationError`` where the address cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise ConfigurationError(f"cannot listen on {settings.host}:{settings.port}: {reason}") from None


def address(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(app: Flask, settings: ServerSettings, listener: socket.socket) -> None:
    """Serve until a signal ends it. The socket is gunicorn's from then on."""
    _Gunicorn(app, settings, listener.detach()).run()


class _Gunicorn(BaseApplication):
    def __init__(self, app: Flask, settings: ServerSettings, descriptor: int) -> None:
        self._app = app
        self._settings = settings
        self._descriptor = descriptor
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": f"fd://{self._descriptor}",
            "workers": self._settings.workers,
            "threads": self._settings.threads,
            "worker_class": "gthread",
            "preload_app": True,
            "timeout": int(self._settings.backend_timeout_seconds) + _GRACE_SECONDS,
            "graceful_timeout": _GRACE_SECONDS,
            "keepalive": 5,
            "limit_request_line": MAX_REQUEST_LINE,
            "forwarded_allow_ips": "",
            "loglevel": "warning" if self._settings.log_level == "info" else self._settings.log_level,
        }
        if "control_socket_disable" in self.cfg.settings:  # newer ones would leave a socket in the home directory
            options["control_socket_disable"] = True
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:  # type: ignore[override]
        return self._app
