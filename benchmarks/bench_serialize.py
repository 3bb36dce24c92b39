"""Writing 10,000 images with ten hardware profiles each, beside ``json.dumps`` of the same data as plain dicts."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

from benchmarks.measure import paired, report
from deltacloud_images.models import Image
from deltacloud_images.serializers import SERIALIZERS, Links

IMAGES = 10_000
PROFILES = tuple(f"m{number}.large" for number in range(10))
ROOT = "http://127.0.0.1:3001"


def images() -> list[Image]:
    """Images as a public cloud has them."""
    return [
        Image(
            id=f"ami-{number:017x}",
            name=f"ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-{number}",
            description=f"Canonical, Ubuntu, 22.04 LTS, build {number}",
            owner_id="099720109477",
            architecture="x86_64",
            state="AVAILABLE",
            creation_time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            hardware_profiles=PROFILES,
            root_type="persistent",
        )
        for number in range(IMAGES)
    ]


def plain(image: Image) -> dict[str, object]:
    """The image as the dict that a simple server would dump: what the XML holds, links included."""
    document = asdict(image)
    document["creation_time"] = "2026-01-02T03:04:05Z"
    document["href"] = f"{ROOT}/api/images/{image.id}"
    document["hardware_profiles"] = [
        {"id": each, "href": f"{ROOT}/api/hardware_profiles/{each}", "rel": "hardware_profile"}
        for each in image.hardware_profiles
    ]
    document["actions"] = [
        {"rel": "create_instance", "method": "post", "href": f"{ROOT}/api/instances;image_id={image.id}"},
        {"rel": "destroy_image", "method": "delete", "href": f"{ROOT}/api/images/{image.id}"},
    ]
    return document


def _timed(write: Callable[[], object]) -> Callable[[], float]:
    def run() -> float:
        before = time.process_time()
        write()
        return (time.process_time() - before) / IMAGES * 1e6

    return run


def main() -> None:
    """Print microseconds an image, and the ratio, for each format."""
    data = images()
    dicts = {"images": [plain(image) for image in data]}
    links = Links(ROOT)
    for name in ("xml", "json"):
        serializer = SERIALIZERS[name]
        ours, dumps, ratio = paired(
            _timed(lambda: "".join(serializer.images(data, links))),  # noqa: B023
            _timed(lambda: json.dumps(dicts)),
        )
        detail = f"{ours:.1f} and {dumps:.1f} us an image"
        report(f"{name.upper()} of {IMAGES:,} images beside json.dumps", ratio, "at most 0.50", detail)
