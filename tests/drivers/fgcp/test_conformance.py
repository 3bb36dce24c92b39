"""The FGCP driver passes the conformance suite."""

import pytest

from deltacloud_images.testing import DriverConformance
from tests.drivers.fgcp.rig import FgcpRig


class TestFgcp(DriverConformance):
    """All of it."""

    @pytest.fixture(autouse=True)
    def few_servers(self, rig: FgcpRig) -> None:
        """Keep lists short, because each server takes a call of its own."""
        rig.remove_seeded()
