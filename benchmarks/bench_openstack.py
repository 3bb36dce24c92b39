"""A list of 5,000 images and a show of one, beside openstacksdk and keystoneauth on the same answers of a responder."""

import json
import os
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.test import create_environ, run_wsgi_app

from benchmarks.measure import free_port, paired, report, wait_for

IMAGES = 5_000
PAGE = 1_000
SHOWS = 300
CONFIG = """
[server]
log_level = "warning"

[api]
default_driver = "openstack"
[drivers.openstack.providers.one]
auth_url = "http://127.0.0.1:{port}"
"""


def image(number: int) -> dict[str, Any]:
    """As glance tells of one, with the properties that public clouds give theirs."""
    return {
        "id": f"{number:08x}-0000-4000-8000-000000000000",
        "name": f"Ubuntu 24.04 build {number}",
        "description": f"number {number} of many",
        "status": "active",
        "visibility": "public",
        "owner": "0123456789abcdef0123456789abcdef",
        "architecture": "x86_64",
        "os_distro": "ubuntu",
        "os_version": "24.04",
        "hw_disk_bus": "virtio",
        "hw_rng_model": "virtio",
        "min_disk": 8,
        "min_ram": 512,
        "size": 613_613_568,
        "virtual_size": 2_361_393_152,
        "checksum": "1a2b3c4d5e6f708192a3b4c5d6e7f809",
        "os_hash_algo": "sha512",
        "os_hash_value": f"{number:0128x}",
        "os_hidden": False,
        "protected": False,
        "disk_format": "qcow2",
        "container_format": "bare",
        "created_at": "2026-01-02T03:04:05Z",
        "updated_at": "2026-01-02T03:05:06Z",
        "tags": [],
        "self": f"/v2/images/{number:08x}-0000-4000-8000-000000000000",
        "file": f"/v2/images/{number:08x}-0000-4000-8000-000000000000/file",
        "schema": "/v2/schemas/image",
    }


def respond(port: int) -> None:
    """Serve a token, flavors and images: runs in a process of its own."""
    root = f"http://127.0.0.1:{port}"
    token = json.dumps({"token": _token(root)}).encode()
    flavors = [{"id": str(n), "name": f"m{n}", "vcpus": n, "ram": 1024 * n, "disk": 10 * n} for n in range(1, 21)]
    versions = [{"id": "v2.16", "status": "CURRENT", "links": [{"rel": "self", "href": f"{root}/v2/"}]}]
    identity = {"version": {"id": "v3.14", "status": "stable", "links": [{"rel": "self", "href": f"{root}/v3/"}]}}
    fixed = {
        "/v3": json.dumps(identity).encode(),
        "/flavors/detail": json.dumps({"flavors": flavors}).encode(),
        "/": json.dumps({"versions": versions}).encode(),
    }
    pages = {image(IMAGES - 1)["id"]: b'{"images": []}'}
    for start in range(0, IMAGES, PAGE):
        page: dict[str, Any] = {"images": [image(number) for number in range(start, start + PAGE)]}
        last = page["images"][-1]["id"]
        if start + PAGE < IMAGES:
            page["next"] = f"/v2/images?limit={PAGE}&marker={last}"
        pages[image(start - 1)["id"] if start else ""] = json.dumps(page).encode()
    one = json.dumps(image(1)).encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/v2/images":
                self.answer(pages[parse_qs(parts.query).get("marker", [""])[0]])
            else:
                self.answer(fixed.get(parts.path, one))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(token, 201, "token")

        def answer(self, body: bytes, status: int = 200, subject: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if subject:
                self.send_header("X-Subject-Token", subject)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def _token(root: str) -> dict[str, Any]:
    domain = {"id": "default", "name": "Default"}
    services = {"compute": root, "image": root, "identity": f"{root}/v3"}
    return {
        "methods": ["password"],
        "issued_at": "2026-01-01T00:00:00.000000Z",
        "expires_at": "2999-01-01T00:00:00.000000Z",
        "user": {"id": "user", "name": "user", "domain": domain},
        "project": {"id": "project", "name": "project", "domain": domain},
        "roles": [],
        "catalog": [
            {"type": kind, "endpoints": [{"interface": "public", "region": "R", "region_id": "R", "url": url}]}
            for kind, url in services.items()
        ],
    }


def _cpu(work: Callable[[], object], times: int) -> float:
    work()
    before = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - before) / times


def server_list(_port: int) -> float:
    """The whole server without its socket: ``GET /api/images``, to the last byte of XML."""
    get = _server()

    def work() -> None:
        assert get("/api/images").count(b"<image ") == IMAGES

    return _cpu(work, 1)


def sdk_list(port: int) -> float:
    """``image.images()`` of openstacksdk and nothing else."""
    import openstack

    auth = {"auth_url": f"http://127.0.0.1:{port}/v3", "username": "user", "password": "p", "project_name": "project"}
    domains = {"user_domain_name": "Default", "project_domain_name": "Default"}
    cloud = openstack.connect(auth={**auth, **domains}, region_name="R", load_yaml_config=False, load_envvars=False)

    def work() -> None:
        assert sum(1 for _ in cloud.image.images(limit=PAGE)) == IMAGES

    return _cpu(work, 1)


def driver_show(port: int) -> float:
    """The driver: what the web layer calls for ``GET /api/images/<id>``."""
    from deltacloud_images.catalog import Catalog
    from deltacloud_images.driver import Credentials
    from deltacloud_openstack import OpenStackDriver

    driver = OpenStackDriver.from_config({"providers": {"one": {"auth_url": f"http://127.0.0.1:{port}"}}})

    def work() -> None:
        with Catalog(driver, Credentials("user+project", "p"), "one") as catalog:
            assert catalog.image(image(1)["id"]).name == image(1)["name"]

    return _cpu(work, SHOWS)


def server_show(_port: int) -> float:
    """The whole server without its socket: ``GET /api/images/<id>``."""
    get = _server()

    def work() -> None:
        assert image(1)["id"].encode() in get(f"/api/images/{image(1)['id']}")

    return _cpu(work, SHOWS)


def bare_show(port: int) -> float:
    """A call through a keystoneauth adapter, decoded."""
    from keystoneauth1.adapter import Adapter
    from keystoneauth1.identity.v3 import Password
    from keystoneauth1.session import Session

    login = Password(
        f"http://127.0.0.1:{port}/v3",
        username="user",
        password="p",
        project_name="project",
        user_domain_name="Default",
        project_domain_name="Default",
    )
    session = Session(login)
    adapter = Adapter(session, service_type="image", endpoint_override=f"http://127.0.0.1:{port}")

    def work() -> None:
        assert adapter.get(f"/v2/images/{image(1)['id']}").json()["name"] == image(1)["name"]

    return _cpu(work, SHOWS)


def _server() -> Callable[[str], bytes]:
    """The WSGI application, as a gunicorn worker calls it: gives a function from path to body."""
    from deltacloud_images import create_app

    app = create_app(os.environ["BENCH_CONFIG"])
    headers = {"Authorization": "Basic " + b64encode(b"user+project:p").decode(), "Accept": "application/xml"}

    def get(path: str) -> bytes:
        if path not in known:
            known[path] = create_environ(path, "http://127.0.0.1:3001", headers=headers)
        pieces, status, _ = run_wsgi_app(app, known[path], buffered=True)
        assert status == "200 OK"
        return b"".join(pieces)

    known: dict[str, dict[str, Any]] = {}
    return get


def _run(what: Callable[[int], float], port: int) -> float:
    """CPU seconds of one of the above, in a process of its own."""
    program = f"from benchmarks.bench_openstack import {what.__name__}; print({what.__name__}({port}))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return float(done.stdout)


def main() -> None:
    """Print the figures."""
    port = free_port()
    program = f"from benchmarks.bench_openstack import respond; respond({port})"
    responder = subprocess.Popen([sys.executable, "-c", program])
    try:
        wait_for(port)
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder, "config.toml")
            config.write_text(CONFIG.format(port=port))
            os.environ["BENCH_CONFIG"] = str(config)
            _compare(port)
    finally:
        responder.terminate()
        responder.wait()


def _compare(port: int) -> None:
    ours, sdk, ratio = paired(lambda: _run(server_list, port), lambda: _run(sdk_list, port), 3)
    detail = f"{ours * 1000:.0f} and {sdk * 1000:.0f} ms CPU for {IMAGES:,} images"
    report("OpenStack: GET /api/images beside openstacksdk's image.images()", ratio, "at most 0.50", detail)
    for what, show, bound in (
        ("OpenStack: the driver's show beside a bare keystoneauth call", driver_show, "at most 1.30"),
        ("OpenStack: GET /api/images/<id> beside a bare keystoneauth call", server_show, "at most 1.30"),
    ):
        ours, bare, ratio = paired(lambda: _run(show, port), lambda: _run(bare_show, port), 5)  # noqa: B023
        report(what, ratio, bound, f"{ours * 1e6:.0f} and {bare * 1e6:.0f} us CPU")
