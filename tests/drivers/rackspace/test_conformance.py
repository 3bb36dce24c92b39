"""The Rackspace driver passes the conformance suite on Rackspace's front door before real services."""

import pytest

from deltacloud_images.kit import retries
from deltacloud_images.testing import DriverConformance


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call is made under every fault."""
    monkeypatch.setattr(retries, "FIRST_PAUSE_SECONDS", 0.01)


class TestRackspace(DriverConformance):
    """All of it."""
