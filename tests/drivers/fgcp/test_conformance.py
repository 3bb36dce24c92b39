"""The FGCP driver passes the conformance suite."""

from deltacloud_images.testing import DriverConformance


class TestFgcp(DriverConformance):
    """All of it."""
