"""Acme: images of a small cloud with a JSON API."""

from deltacloud_acme.driver import AcmeDriver

__all__ = ["AcmeDriver"]
