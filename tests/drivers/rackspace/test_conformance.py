"""The Rackspace driver passes the conformance suite on Rackspace's front door before real services."""

from deltacloud_images.testing import DriverConformance


class TestRackspace(DriverConformance):
    """All of it."""
