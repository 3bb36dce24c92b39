"""What all parts of the conformance suite share: the fixtures, and how a missing capability is asserted."""

from collections.abc import Callable, Iterator

import pytest

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Capability
from deltacloud_images.errors import NotSupported
from deltacloud_images.testing.rig import Rig

#: Texts that are no id on any cloud.
STRANGE_IDS = ("nope", "../img1", "a b", "ünïcode", "img1\x00", "x" * 10_000, "%2e%2e", "<script>", "'; --")


class Conformance:
    """Supplies ``catalog``, connected with the rig's good credentials. The test module supplies the fixture ``rig``."""

    @pytest.fixture
    def catalog(self, rig: Rig) -> Iterator[Catalog]:
        with Catalog(rig.driver, rig.credentials, rig.provider) as catalog:
            yield catalog


def lacks(rig: Rig, capability: Capability, call: Callable[[], object]) -> bool:
    """Whether the driver lacks the capability; if so, asserts that the call is refused and changes nothing."""
    if capability in rig.driver.capabilities:
        return False
    before = rig.image_ids(), rig.instance_ids()
    with pytest.raises(NotSupported):
        call()
    assert (rig.image_ids(), rig.instance_ids()) == before
    return True
