"""The EC2 driver passes the conformance suite."""

from deltacloud_images.testing import DriverConformance


class TestEC2(DriverConformance):
    """All of it."""
