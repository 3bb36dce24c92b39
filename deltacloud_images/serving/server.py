"""Runs the application under gunicorn for ``deltacloud-images serve``, with the options of either command."""

import logging
import os
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from deltacloud_images.config import ServerSettings
from deltacloud_images.errors import ConfigurationError
from deltacloud_images.serving.adapting import MAX_REQUEST_LINE
from deltacloud_images.serving.multiprocess import forget_worker

_log = logging.getLogger("deltacloud_images")
#: Seconds without a sign of life after which gunicorn ends a worker: its event loop gives one twice a second.
_SILENCE_SECONDS = 30


def options(settings: ServerSettings) -> dict[str, Any]:
    """Return gunicorn's options for a configuration, the address aside."""
    return {
        "workers": settings.workers,
        "threads": settings.threads,
        "worker_class": "deltacloud_images.serving.worker.WaitingWorker",
        "preload_app": True,  # a broken configuration is refused once, before a worker exists
        "timeout": _SILENCE_SECONDS,
        "graceful_timeout": int(settings.stop_timeout_seconds),
        "limit_request_line": MAX_REQUEST_LINE,
        "forwarded_allow_ips": "",
        "child_exit": forget_worker,
        "control_socket_disable": True,  # it would be a file in the home directory
        "loglevel": "warning" if settings.log_level == "info" else settings.log_level,
        **({} if settings.trusted_proxies else {"when_ready": _warn_of_plain_text}),
    }


def _warn_of_plain_text(arbiter: Arbiter) -> None:
    """Log a warning if other machines can connect without TLS."""
    addresses = [listener.sock.getsockname() for listener in arbiter.LISTENERS if not arbiter.cfg.is_ssl]
    for host in (each[0] for each in addresses if isinstance(each, tuple)):
        if not ip_address(host).is_loopback:
            _log.warning(
                "The server listens on %s without TLS: the credentials of each request travel in plain text unless a "
                "proxy with TLS is in front. If one is, set trusted_proxies.",
                host,
            )


def listen(settings: ServerSettings) -> socket.socket:
    """Return a listening socket; raise ``ConfigurationError`` if the address cannot be used."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise ConfigurationError(f"cannot listen on {settings.host}:{settings.port}: {reason}") from None


def address(listener: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(app: Flask, make_app: Callable[[], Flask], listener: socket.socket) -> None:
    """Serve until a signal ends it.

    ``make_app`` reads the configuration again and returns a new application; it is called at SIGHUP. ``listener`` is
    gunicorn's from then on.
    """
    _Gunicorn(app, make_app, listener.detach()).run()


def reloaded(make_app: Callable[[], Any]) -> Any | None:
    """Return a new application; if its configuration is broken, log that and return ``None``."""
    try:
        return make_app()
    except ConfigurationError as error:
        _log.error("The new configuration is refused, and the old one stays in force: %s", error)
        return None


class _Gunicorn(BaseApplication):
    def __init__(self, app: Flask, make_app: Callable[[], Flask], descriptor: int) -> None:
        self._app = app
        self._make_app = make_app
        self._descriptor = descriptor
        super().__init__()

    def load_config(self) -> None:
        settings = self._app.extensions["deltacloud_images"].settings.server
        for name, value in {**options(settings), "bind": f"fd://{self._descriptor}"}.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:  # type: ignore[override]
        return self._app

    def reload(self) -> None:
        self._app = self.callable = reloaded(self._make_app) or self._app  # type: ignore[assignment]
        super().reload()
