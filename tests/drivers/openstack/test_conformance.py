"""The OpenStack driver passes the conformance suite on real services, for a member and for an administrator."""

import pytest

from deltacloud_images.kit import retries
from deltacloud_images.testing import DriverConformance
from tests.drivers.openstack.rig import OpenStackRig


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call is made under every fault."""
    monkeypatch.setattr(retries, "FIRST_PAUSE_SECONDS", 0.01)


class TestMember(DriverConformance):
    """All of it, as an ordinary member of a project."""


class TestAdministrator(DriverConformance):
    """All of it, as somebody who sees and may destroy every project's images."""

    @pytest.fixture
    def rig(self, admin_rig: OpenStackRig) -> OpenStackRig:
        return admin_rig
