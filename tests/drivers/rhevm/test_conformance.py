"""The RHEV-M driver passes the conformance suite with either generation of the engine's API."""

from deltacloud_images.testing import DriverConformance


class TestRhevm(DriverConformance):
    """All of it."""
