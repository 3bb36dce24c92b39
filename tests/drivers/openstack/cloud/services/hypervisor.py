"""Nova's own fake hypervisor, with snapshots that really send bytes to glance."""

import io
from typing import Any

from nova.image import glance
from nova.virt import fake

SNAPSHOT = b"\x00" * 65536


class SnapshottingFakeDriver(fake.FakeDriver):  # type: ignore[misc]
    """The fake hypervisor."""

    def snapshot(self, context: Any, instance: Any, image_id: str, update_task_state: Any) -> None:
        """Upload as a hypervisor with local disks does."""
        super().snapshot(context, instance, image_id, update_task_state)
        images = glance.API()
        metadata = {
            "status": "active",
            "name": images.get(context, image_id)["name"],
            "disk_format": "raw",
            "container_format": "bare",
            "properties": {"image_location": "snapshot", "image_state": "available"},
        }
        images.update(context, image_id, metadata, data=io.BytesIO(SNAPSHOT))
