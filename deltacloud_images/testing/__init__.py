"""What a driver's tests subclass: a ``Rig`` that runs and reads the cloud, and the conformance suite.

Needs pytest, lxml and jsonschema. See ``drivers/README.md`` for how to use it.
"""

import pytest

pytest.register_assert_rewrite(
    "deltacloud_images.testing.documents",
    "deltacloud_images.testing.images",
    "deltacloud_images.testing.instances",
    "deltacloud_images.testing.keys",
    "deltacloud_images.testing.faults",
    "deltacloud_images.testing.hostile",
    "deltacloud_images.testing.senseless",
)

from deltacloud_images.testing.conformance import DriverConformance  # noqa: E402
from deltacloud_images.testing.fault import Fault  # noqa: E402
from deltacloud_images.testing.proxy import FaultProxy  # noqa: E402
from deltacloud_images.testing.rig import Rig, eventually  # noqa: E402

__all__ = ["DriverConformance", "Fault", "FaultProxy", "Rig", "eventually"]
