"""Conversion of Acme's records to models."""

from typing import Any

from deltacloud_images.kit import values
from deltacloud_images.models import Image

_ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}


def image(record: dict[str, Any]) -> Image:
    """Return an image. The kit leaves out, or reports as the cloud's error, a record that has no id."""
    image_id = values.required(record.get("id"), str, "id")
    architecture = values.text(record.get("arch"))
    return Image(
        id=image_id,
        name=values.text(record.get("name")) or image_id,
        description=values.text(record.get("description")),
        owner_id=values.text(record.get("owner")),
        architecture=_ARCHITECTURES.get(architecture, architecture) or "x86_64",
        state=values.text(record.get("state")).upper() or "UNKNOWN",
        creation_time=values.time(record.get("created")),
        destroyable=record.get("protected") is not True,
    )
