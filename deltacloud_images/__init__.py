"""Apache Deltacloud's images API over many clouds, as a Flask application."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deltacloud_images.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    # Drivers and their tests import submodules of this package and never need Flask, so it is loaded on demand.
    if name == "create_app":
        from deltacloud_images.app import create_app

        return create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
