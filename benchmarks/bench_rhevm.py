"""The RHEV-M driver on simulated engines: round trips, what it adds to a bare fetch and parse, and its memory."""

import ssl
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from lxml import etree
from urllib3 import PoolManager

from benchmarks.measure import paired, report
from deltacloud_images.catalog import Catalog
from deltacloud_images.models import ImageFilter, InstanceFilter, NewImage, NewInstance
from tests.drivers.rhevm.rig import RhevmRig

TEMPLATES = 2000
MANY = 20_000
MACHINES = 200
LISTS = 3
VERSIONS = ((3, 1), (4, 1), (4, 5))


def main() -> None:
    """Print all figures."""
    for version in VERSIONS:
        with tempfile.TemporaryDirectory() as folder, closing(RhevmRig(Path(folder), version)) as rig:
            image = rig.seed_image()
            for _ in range(MACHINES):
                rig.seed_instance(template_id=image)
            _round_trips(rig, image)
    with tempfile.TemporaryDirectory() as folder, closing(RhevmRig(Path(folder), (4, 5))) as rig:
        for _ in range(TEMPLATES):
            rig.seed_image()
        _added_cpu(rig)
        _memory(rig)


def _round_trips(rig: RhevmRig, image: str) -> None:
    vm = next(iter(rig.instance_ids()))
    calls: dict[str, Callable[[Catalog], object]] = {
        "images": lambda catalog: list(catalog.images(ImageFilter())),
        "one image": lambda catalog: catalog.image(image),
        "create image": lambda catalog: catalog.create_image(NewImage(vm, "new")),
        f"{MACHINES} instances": lambda catalog: list(catalog.instances(InstanceFilter())),
        "one instance": lambda catalog: catalog.instance(vm),
        "launch": lambda catalog: catalog.create_instance(NewInstance(image, "new"), ""),
        "realms": lambda catalog: list(catalog.realms()),
    }
    counted = []
    for name, call in calls.items():
        trips, driver = [], rig.make_driver()
        for _ in ("a new user's", "later"):
            rig.engine.state.templates[:] = [each for each in rig.engine.state.templates if each.name != "new"]
            rig.engine.state.vms[:] = [each for each in rig.engine.state.vms if each.name != "new"]
            rig.engine.state.vm(vm).status = "down"
            with rig.catalog(driver) as catalog, rig.engine.recorded() as seen:
                call(catalog)
            trips.append(len(seen))
        counted.append(f"{name} {trips[0]}, then {trips[1]}")
    print(f"round trips, version {rig.engine.version[0]}.{rig.engine.version[1]}: {'; '.join(counted)}", flush=True)


def _list(rig: RhevmRig) -> int:
    with rig.catalog() as catalog:
        return sum(1 for _ in catalog.images(ImageFilter()))


def _added_cpu(rig: RhevmRig) -> None:
    """CPU time of this thread alone: the simulated engine works in others."""
    http = PoolManager(ssl_context=ssl.create_default_context(cafile=rig.ca_file))
    secret = b64encode(f"{rig.credentials.user}:{rig.credentials.password}".encode()).decode()
    headers = {"Authorization": f"Basic {secret}", "Accept": "application/xml"}
    url = f"{rig.provider_table()['url']}/templates?search="

    def bare() -> None:
        root = etree.fromstring(http.request("GET", url, headers=headers).data)
        assert len(root) == TEMPLATES + 1

    assert _list(rig) == TEMPLATES
    ours, plain, ratio = paired(lambda: _spent(lambda: _list(rig)), lambda: _spent(bare))
    each = 1e6 / TEMPLATES
    detail = f"{ours * each:.0f} and {plain * each:.0f} us of CPU an image"
    report(f"listing {TEMPLATES} images / a bare fetch and parse", ratio, "under 4", detail)


def _spent(call: Callable[[], object]) -> float:
    started = time.thread_time()
    for _ in range(LISTS):
        call()
    return (time.thread_time() - started) / LISTS


def _memory(rig: RhevmRig) -> None:
    """The largest size of a process that lists all images, beside one that lists a single one."""
    for _ in range(MANY - TEMPLATES):
        rig.seed_image()
    whole, one = _resident(rig, "*", MANY), _resident(rig, "seed1", 1)
    detail = f"{whole / 1024:.1f} and {one / 1024:.1f} MiB"
    report(f"memory of a process that lists {MANY} images / one image", whole / one, "under 1.2", detail)


def _resident(rig: RhevmRig, name: str, count: int) -> int:
    """In KiB."""
    code = f"""
from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Credentials
from deltacloud_images.models import ImageFilter
from deltacloud_rhevm import RhevmDriver

driver = RhevmDriver.from_config({{"providers": {{"lab": {rig.provider_table()!r}}}}})
credentials = Credentials({rig.credentials.user!r}, {rig.credentials.password!r})
with Catalog(driver, credentials, None) as catalog:
    assert sum(1 for _ in catalog.images(ImageFilter(name={name!r}))) == {count}
status = open("/proc/self/status").read()  # getrusage would also count what it was before exec
print(status.partition("VmHWM:")[2].split()[0])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout)
