"""The vSphere driver passes the conformance suite."""

from deltacloud_images.testing import DriverConformance


class TestVsphere(DriverConformance):
    """All of it."""
