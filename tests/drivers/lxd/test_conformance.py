"""The LXD driver passes the conformance suite."""

from deltacloud_images.testing import DriverConformance


class TestLxd(DriverConformance):
    """All of it."""
