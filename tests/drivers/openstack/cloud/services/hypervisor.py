"""Nova's own fake hypervisor, with snapshots that really send bytes to glance."""

import io
import time
from pathlib import Path
from typing import Any

import nova.conf
from nova.image import glance
from nova.virt import fake

SNAPSHOT = b"\x00" * 65536


class SnapshottingFakeDriver(fake.FakeDriver):  # type: ignore[misc]
    """The fake hypervisor."""

    def snapshot(self, context: Any, instance: Any, image_id: str, update_task_state: Any) -> None:
        """Upload as a hypervisor with local disks does; not before the tests let it."""
        hold = Path(nova.conf.CONF.state_path, "hold-snapshots")
        while hold.exists():
            time.sleep(0.05)
        super().snapshot(context, instance, image_id, update_task_state)
        images = glance.API()
        metadata = {
            "status": "active",
            "name": images.get(context, image_id)["name"],
            "disk_format": "raw",
            "container_format": "bare",
            # As nova's libvirt driver notes them.
            "properties": {
                "image_location": "snapshot",
                "image_state": "available",
                "owner_id": instance.project_id,
            },
        }
        images.update(context, image_id, metadata, data=io.BytesIO(SNAPSHOT))
