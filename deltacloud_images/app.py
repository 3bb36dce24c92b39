"""The application factory."""

import atexit
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import MapAdapter

from deltacloud_images import logs
from deltacloud_images.config import Settings, load
from deltacloud_images.errors import ConfigurationError
from deltacloud_images.registry import DriverUnavailable, Registry
from deltacloud_images.serializers import API_PATH
from deltacloud_images.serving import adapting
from deltacloud_images.web import documents, entry, failures, hooks, images, instances, keys, pages, sizes
from deltacloud_images.web.bulkheads import Bulkheads
from deltacloud_images.web.health import Health
from deltacloud_images.web.paths import RawPaths, Segment
from deltacloud_images.web.waiting import WaitingRoom

_log = logging.getLogger("deltacloud_images")


@dataclass(frozen=True, slots=True)
class Services:
    """What the application keeps for its views."""

    settings: Settings
    registry: Registry
    bulkheads: Bulkheads
    waiting_room: WaitingRoom


class Application(Flask):
    """Flask, less two things that it does at every request and that this API has no use for."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: no view is asynchronous."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """An adapter that matches by the path alone: the API is the same on every host."""
        if request is None:
            return None
        return self.url_map.bind("", path_info=request.environ["PATH_INFO"], default_method=request.method)


def create_app(config: Settings | str | os.PathLike[str] | None = None) -> Flask:
    """The server as a WSGI application.

    ``config`` is the configuration, the path of its TOML file, or ``None`` for the file that the environment variable
    ``DELTACLOUD_IMAGES_CONFIG`` names, if any. Raises ``ConfigurationError`` at once for whatever is wrong with it, the
    default driver and every driver that has a table included. A driver that is not installed is a warning in the log,
    unless it is the default driver.
    """
    settings = config if isinstance(config, Settings) else load(config)
    registry = Registry(settings.drivers)
    unavailable = _check_drivers(settings, registry)
    access_log = logs.configure(settings.server)
    for error in unavailable:
        _log.warning("A driver's table has no effect. %s", error)
    atexit.register(registry.close)

    app = Application("deltacloud_images", static_folder=None)
    # One byte more than is allowed, so that a chunked body can be seen to exceed it.
    app.config["MAX_CONTENT_LENGTH"] = settings.server.max_body_bytes + 1
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.url_map.converters["segment"] = Segment
    app.url_map.merge_slashes = False
    app.extensions["deltacloud_images"] = Services(
        settings, registry, Bulkheads(settings.server.threads, settings.server.threads_per_cloud), WaitingRoom()
    )
    for views in (entry, images, instances, sizes, keys, documents, pages):
        app.register_blueprint(views.blueprint, url_prefix=API_PATH)
    app.register_blueprint(pages.site)
    failures.install(app)
    observers = [access_log.write] if access_log.writes else []
    metrics = _metrics(app) if settings.server.metrics else None
    if metrics is not None:
        observers.append(metrics.observe)
    hooks.install(app, settings, registry, observers)
    app.wsgi_app = RawPaths(app.wsgi_app)  # type: ignore[method-assign]
    if proxies := settings.server.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies, x_port=proxies, x_prefix=proxies
        )
    adapting.adapt(app, believes_proxies=bool(proxies))
    app.wsgi_app = app.extensions["deltacloud_images.health"] = Health(app.wsgi_app)  # type: ignore[method-assign]
    if metrics is not None:
        app.extensions["deltacloud_images.health"].show_metrics(metrics.text)
    return app


def _metrics(app: Flask) -> Any:
    from deltacloud_images.metrics import Metrics  # not before the processes share their folder

    services = app.extensions["deltacloud_images"]
    made = app.extensions["deltacloud_images.metrics"] = Metrics(services.registry, services.bulkheads)
    return made


def _check_drivers(settings: Settings, registry: Registry) -> list[DriverUnavailable]:
    """Return what is wrong, but lets the server start; raise ``ConfigurationError`` for anything else."""
    name = settings.api.default_driver
    if name not in registry.names:
        raise ConfigurationError(f"api.default_driver: there is no '{name}'; there are {', '.join(registry.names)}")
    default = registry.driver(name)
    provider = settings.api.default_provider
    if provider and not default.allows_provider(provider):
        raise ConfigurationError(f"api.default_provider: {default.title} has no provider '{provider}'")
    unavailable = []
    for each in settings.drivers:
        try:
            registry.driver(each)
        except DriverUnavailable as error:
            unavailable.append(error)
    return unavailable
