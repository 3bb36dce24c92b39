"""The conformance suite as one class: whatever passes it behaves like every other driver."""

from deltacloud_images.testing.documents import DocumentConformance
from deltacloud_images.testing.faults import FaultConformance
from deltacloud_images.testing.hostile import HostileConformance
from deltacloud_images.testing.images import ImageConformance
from deltacloud_images.testing.instances import InstanceConformance
from deltacloud_images.testing.keys import KeyConformance
from deltacloud_images.testing.senseless import SenselessConformance


class DriverConformance(
    ImageConformance,
    InstanceConformance,
    KeyConformance,
    DocumentConformance,
    FaultConformance,
    HostileConformance,
    SenselessConformance,
):
    """Subclass it in a test module that has a fixture ``rig``; pytest runs the rest.

    A capability that the driver lacks is asserted to be refused, with nothing changed in the cloud.
    """
