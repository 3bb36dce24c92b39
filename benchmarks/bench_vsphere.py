"""Templates among 1,000 virtual machines: round trips, and the server's CPU time beside a bare pyvmomi loop."""

import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from pyVim.connect import Connect, Disconnect
from pyVmomi import vim, vmodl

from benchmarks.measure import paired, report
from deltacloud_images import create_app
from deltacloud_vsphere import convert
from tests.drivers.vsphere.rig import VsphereRig

MACHINES = 1000
LISTS = 3
_HEADERS = {"Authorization": "Basic " + b64encode(b"user:pass").decode()}


def main() -> None:
    """Print the round trips, and the CPU time with few and with many templates."""
    flags = ("-machines", str(MACHINES // 2))
    with tempfile.TemporaryDirectory() as folder, VsphereRig(Path(folder), *flags) as rig:
        client = _server(rig, Path(folder, "config.toml"))
        ids = sorted(rig.instance_ids())
        marked = 0
        for templates in (MACHINES // 10, MACHINES):
            for machine_id in ids[marked:templates]:
                rig.machine(machine_id).MarkAsTemplate()
            marked = templates
            if templates < MACHINES:
                _round_trips(rig, client, templates)
            _cpu(rig, client, templates)


def _server(rig: VsphereRig, config: Path) -> FlaskClient:
    config.write_text(
        '[server]\nlog_level = "warning"\n[api]\ndefault_driver = "vsphere"\n[drivers.vsphere.providers.main]\n'
        f'host = "localhost"\nport = {rig.proxy.address[1]}\nca_file = "{rig.ca_file}"\n'
    )
    return create_app(config).test_client()


def _list(client: FlaskClient, templates: int) -> None:
    answer = client.get("/api/images", headers=_HEADERS)
    assert answer.data.count(b"<image ") == templates, answer.data[:1000]


def _round_trips(rig: VsphereRig, client: FlaskClient, templates: int) -> None:
    for kind, bound in (("cold", 6), ("warm", 3)):
        rig.vcsim.calls()
        _list(client, templates)
        calls = rig.vcsim.calls()
        print(f"round trips of a {kind} list: {len(calls)} (to be at most {bound}); {', '.join(calls)}", flush=True)


def _cpu(rig: VsphereRig, client: FlaskClient, templates: int) -> None:
    service = Connect(
        host="localhost", port=rig.proxy.address[1], user="user", pwd="pass", version="vim.version.version13"
    )
    content = service.RetrieveContent()
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    _bare(content, view)
    ours, plain, ratio = paired(
        lambda: _spent(lambda: _list(client, templates)), lambda: _spent(lambda: _bare(content, view))
    )
    each = 1e6 / templates
    detail = f"{ours * each:.0f} and {plain * each:.0f} us a template"
    what = f"CPU of the server for {templates} templates among {MACHINES} machines / a bare pyvmomi loop"
    report(what, ratio, "at most 1.20", detail)
    Disconnect(service)


def _bare(content: Any, view: Any) -> list[dict[str, Any]]:
    """The same properties by pyvmomi alone, of the templates."""
    query = vmodl.query.PropertyCollector
    through = query.TraversalSpec(type=vim.view.ContainerView, path="view", skip=False)
    roots = [query.ObjectSpec(obj=view, skip=True, selectSet=[through])]
    wanted = [query.PropertySpec(type=vim.VirtualMachine, pathSet=[*convert.IMAGE, convert.CREATED])]
    spec = query.FilterSpec(objectSet=roots, propSet=wanted)
    found = content.propertyCollector.RetrievePropertiesEx([spec], query.RetrieveOptions()).objects
    machines = ({each.name: each.val for each in machine.propSet} for machine in found)
    return [machine for machine in machines if machine[convert.TEMPLATE]]


def _spent(call: Callable[[], object]) -> float:
    started = time.thread_time()
    for _ in range(LISTS):
        call()
    return (time.thread_time() - started) / LISTS
