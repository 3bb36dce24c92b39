"""A list of 2,000 images of a real LXD: round trips, and the server's CPU time beside pylxd's own lists."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pylxd import Client

from benchmarks.measure import paired, report
from deltacloud_images.testing.attack import hostile
from deltacloud_images.testing.hostility import Recorder
from tests.drivers.lxd.rig import LxdRig
from tests.drivers.lxd.server import Server, serve

IMAGES = 2000


def main() -> None:
    """Print the round trips, and the CPU time for XML beside both ways to list images with pylxd."""
    with tempfile.TemporaryDirectory() as folder:
        rig = LxdRig(Path(folder))
        try:
            for number in range(IMAGES):
                rig.lxd.add_image(f"image {number}", f"image{number}", empty=True)
            _round_trips(rig, Path(folder))
            _cpu(rig, Path(folder))
        finally:
            rig.close()


def _round_trips(rig: LxdRig, folder: Path) -> None:
    server = serve(rig, folder, url=f"https://127.0.0.1:{rig.proxy.address[1]}")
    for kind, bound in (("first", 2), ("further", 1)):
        recorder = Recorder()
        with hostile(rig, recorder):
            _list(server)
        print(f"round trips of a caller's {kind} list: {len(recorder.requests)} (to be at most {bound})", flush=True)


def _cpu(rig: LxdRig, folder: Path) -> None:
    server = serve(rig, folder)
    client = Client(endpoint=rig.lxd.url, cert=rig.write_open_pair("alice", folder), verify=False)
    ours, single, ratio = paired(lambda: _spent(lambda: _list(server)), lambda: _spent(lambda: _bare(client)), 3)
    each = 1e6 / IMAGES
    report(
        f"CPU of the server for {IMAGES} images / pylxd's images.all() with the images' fields",
        ratio,
        "at most 0.30",
        f"{ours * each:.0f} and {single * each:.0f} us an image",
    )
    ours, whole, ratio = paired(lambda: _spent(lambda: _list(server)), lambda: _spent(lambda: _whole(client)))
    report(
        "the same / one request by pylxd's client for the bare records",
        ratio,
        "known",
        f"{ours * each:.0f} and {whole * each:.0f} us an image",
    )


def _list(server: Server) -> None:
    assert len(server.get("/images")["images"]) == IMAGES


def _bare(client: Any) -> None:
    """The list that pylxd has: it knows fingerprints, and requests each image when a field of it is read."""
    found = [(each.fingerprint, each.aliases, each.properties, each.created_at) for each in client.images.all()]
    assert len(found) == IMAGES


def _whole(client: Any) -> None:
    found = client.api.images.get(params={"recursion": 1}).json()["metadata"]
    assert len(found) == IMAGES


def _spent(call: Callable[[], object]) -> float:
    started = time.thread_time()
    call()
    return time.thread_time() - started
