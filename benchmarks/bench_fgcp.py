"""The FGCP driver on a simulated FGCP: round trips, and what it adds to the plain calls."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lxml import etree
from urllib3 import PoolManager

from benchmarks.measure import paired, report
from deltacloud_fgcp import identity
from deltacloud_images.catalog import Catalog
from deltacloud_images.kit.deadline import Deadline, in_force
from deltacloud_images.models import ImageFilter, InstanceFilter, NewImage
from tests.drivers.fgcp.rig import FgcpRig

IMAGES = 1000
SERVERS = 16


def _spent(clock: Callable[[], float], call: Callable[[], object], times: int = 1) -> float:
    """How much of the clock's time a call takes."""
    started = clock()
    for _ in range(times):
        call()
    return (clock() - started) / times


def _list_images(rig: FgcpRig) -> int:
    with rig.catalog() as catalog:
        return len(list(catalog.images(ImageFilter())))


def _round_trips(rig: FgcpRig) -> None:
    server = rig.seed_instance()
    calls: dict[str, Callable[[Catalog], object]] = {
        "images, the user's first list": lambda catalog: list(catalog.images(ImageFilter())),
        "images": lambda catalog: list(catalog.images(ImageFilter())),
        "one image": lambda catalog: catalog.image("IMG_public_64"),
        "create_image": lambda catalog: catalog.create_image(NewImage(server, name="new")),
        "realms of 2 systems": lambda catalog: list(catalog.realms()),
        f"instances, {SERVERS + 1} in 2 systems": lambda catalog: list(catalog.instances(InstanceFilter())),
        "one instance": lambda catalog: catalog.instance(server),
    }
    for name, call in calls.items():
        rig.cloud.calls.clear()
        with rig.catalog() as catalog:
            call(catalog)
        print(f"round trips: {name}: {rig.cloud.calls.total()}", flush=True)


def _added_cpu(rig: FgcpRig) -> None:
    path, _ = identity.find(rig.certificates, rig.credentials.user)
    user = identity.load(path, rig.credentials.password)
    http = PoolManager(ssl_context=rig.cloud.client_tls(rig.user.write_pem(rig.folder / "bare.pem")))

    def bare() -> None:
        common = {"Version": "2011-01-31", "Locale": "en", "Action": "ListDiskImage", **user.signature()}
        etree.fromstring(http.request("GET", rig.cloud.url, fields=common).data)

    ours, plain, ratio = paired(
        lambda: _spent(time.thread_time, lambda: _list_images(rig), 5), lambda: _spent(time.thread_time, bare, 5)
    )
    detail = f"{ours * 1000:.1f} ms and {plain * 1000:.1f} ms of CPU"
    report(f"listing {IMAGES} images / a bare signed call and parse", ratio, "under 3", detail)


def _kept_certificates(rig: FgcpRig) -> None:
    def connect() -> None:
        deadline = Deadline(60)
        with in_force(deadline):
            rig.driver.connect(rig.credentials, "", deadline).close()

    def connect_anew() -> None:
        rig.driver.close()
        connect()

    anew, kept, ratio = paired(
        lambda: _spent(time.thread_time, connect_anew, 5), lambda: _spent(time.thread_time, connect, 200)
    )
    detail = f"{anew * 1000:.1f} ms and {kept * 1e6:.0f} us of CPU"
    report("opening a certificate / finding it in the pool", ratio, "over 100", detail)


def _side_by_side(rig: FgcpRig) -> None:
    def list_with(parallel_calls: int) -> Callable[[], float]:
        driver = rig.make_driver(rig.cloud.url, parallel_calls=parallel_calls)

        def measure() -> float:
            with Catalog(driver, rig.credentials, None) as catalog:
                return _spent(time.monotonic, lambda: list(catalog.instances(InstanceFilter())))

        return measure

    rig.cloud.delay_seconds = 0.05
    one, eight, ratio = paired(list_with(1), list_with(8), rounds=3)
    rig.cloud.delay_seconds = 0
    detail = f"{one:.2f} s and {eight:.2f} s where each call takes 50 ms"
    report(f"listing {SERVERS + 1} servers one by one / eight at once", ratio, "over 2.5", detail)


def main() -> None:
    """Print all figures."""
    with tempfile.TemporaryDirectory() as folder:
        rig = FgcpRig(Path(folder))
        for number in range(IMAGES):
            rig.cloud.state.add_image(rig.owner_id, f"image {number}", "CentOS 6.2 64bit (English)")
        for _ in range(SERVERS):
            rig.seed_instance()
        _round_trips(rig)
        _added_cpu(rig)
        _kept_certificates(rig)
        _side_by_side(rig)
        rig.close()
