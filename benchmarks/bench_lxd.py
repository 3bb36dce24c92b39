"""A list of 2,000 images of a real LXD: round trips, and the server's CPU time beside pylxd's own lists."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pylxd import Client

from benchmarks.measure import paired, report
from deltacloud_images.testing.attack import hostile
from deltacloud_images.testing.behaviours import Recorder
from tests.drivers.lxd.products import LXD
from tests.drivers.lxd.rig import LxdRig
from tests.drivers.lxd.server import Server, serve

IMAGES = 2000


def main() -> None:
    """Print the round trips, and the CPU time for XML beside both ways to list images with pylxd."""
    with tempfile.TemporaryDirectory() as folder:
        rig = LxdRig(LXD, Path(folder))
        try:
            for number in range(IMAGES):
                rig.daemon.add_image(f"image {number}", f"image{number}", empty=True)
            _round_trips(rig, Path(folder))
            _cpu(rig, Path(folder))
        finally:
            rig.close()


def _round_trips(rig: LxdRig, folder: Path) -> None:
    server = serve(rig, folder, **rig.proxy_table())
    for kind, bound in (("first", 2), ("further", 1)):
        recorder = Recorder()
        with hostile(rig, recorder):
            _list(server)
        print(f"round trips of a caller's {kind} list: {len(recorder.requests)} (to be at most {bound})", flush=True)


def _cpu(rig: LxdRig, folder: Path) -> None:
    server = serve(rig, folder)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # requests prefers them to pylxd's certificate
        os.environ.pop(name, None)
    client = Client(
        endpoint=rig.daemon.url, cert=rig.write_open_pair("alice", folder), verify=str(rig.daemon.folder / "server.crt")
    )
    for what, bound, theirs in (
        ("pylxd's images.all() with the images' fields", "at most 0.30", _fields),
        ("pylxd's images.all(), which knows fingerprints alone", "known", _fingerprints),
        ("one request by pylxd's client for the records as they come", "known", _records),
    ):
        ours, other, ratio = paired(lambda: _spent(_list, server), lambda: _spent(theirs, client), 3)  # noqa: B023
        detail = f"{1e6 * ours / IMAGES:.0f} and {1e6 * other / IMAGES:.0f} us an image"
        report(f"CPU of the server for {IMAGES} images / {what}", ratio, bound, detail)


def _list(server: Server) -> None:
    assert len(server.get("/images")["images"]) == IMAGES


def _fields(client: Any) -> None:
    """Request each image, as pylxd does when a field of it is read."""
    found = [(each.fingerprint, each.aliases, each.properties, each.created_at) for each in client.images.all()]
    assert len(found) == IMAGES


def _fingerprints(client: Any) -> None:
    assert len([each.fingerprint for each in client.images.all()]) == IMAGES


def _records(client: Any) -> None:
    assert len(client.api.images.get(params={"recursion": 1}).json()["metadata"]) == IMAGES


def _spent(call: Callable[[Any], object], client: Any) -> float:
    started = time.thread_time()
    call(client)
    return time.thread_time() - started
