"""The FGCP driver passes the conformance suite."""

from functools import lru_cache

import pytest

from deltacloud_fgcp import identity
from deltacloud_images.testing import DriverConformance
from tests.drivers.fgcp.rig import FgcpRig

# The suite makes thousands of drivers, and each check of a key takes 30 ms.
_load_once = lru_cache(identity.load)


class TestFgcp(DriverConformance):
    """All of it."""

    @pytest.fixture(autouse=True)
    def cheap(self, rig: FgcpRig, monkeypatch: pytest.MonkeyPatch) -> None:
        """Keep lists short, because each server takes a call of its own, and open each certificate once."""
        rig.remove_seeded()
        monkeypatch.setattr(identity, "load", _load_once)
