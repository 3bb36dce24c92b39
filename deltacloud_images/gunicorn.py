"""The configuration of the plain ``gunicorn`` command, which then behaves as ``deltacloud-images serve`` does.

    gunicorn -c python:deltacloud_images.gunicorn "deltacloud_images:create_app()"

Host, port, workers and the rest come from the file that ``DELTACLOUD_IMAGES_CONFIG`` names; gunicorn's own options win.
"""

import importlib
import sys
from typing import Any

from deltacloud_images.config import load
from deltacloud_images.serving.multiprocess import share
from deltacloud_images.serving.server import options, reloaded

_settings = load().server
if _settings.metrics:
    share()
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host

bind = f"{_host}:{_settings.port}"
globals().update(options(_settings))


def on_reload(arbiter: Any) -> None:
    """Replace application and options at SIGHUP; a broken configuration is logged, and nothing changes."""
    app = arbiter.app
    fresh = reloaded(app.load)
    if fresh is not None:
        importlib.reload(sys.modules[__name__])
        app.callable = fresh
        app.reload()
        arbiter.setup(app)
