"""The Rackspace driver passes the conformance suite on Rackspace's front door before real services."""

import pytest

from deltacloud_images.testing import DriverConformance
from deltacloud_openstack import errors


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call is made under every fault: their right pauses have tests of their own."""
    monkeypatch.setattr(errors, "FIRST_PAUSE_SECONDS", 0.01)


class TestRackspace(DriverConformance):
    """All of it."""
