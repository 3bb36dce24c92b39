"""The mock driver passes the conformance suite."""

from deltacloud_images.testing import DriverConformance


class TestMock(DriverConformance):
    """All of it."""
