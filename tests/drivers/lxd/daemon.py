"""Runs a real LXD or Incus in a folder of its own, and reads and changes it through its local socket."""

import http.client
import io
import json
import os
import socket
import subprocess
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from urllib3 import encode_multipart_formdata

from deltacloud_images.testing import eventually
from tests.drivers.lxd.products import BUSYBOX, Product

# The only program of the containers. The daemon asks them to stop by the signal PWR.
_INIT = b"""#!/bin/busybox sh
trap 'exit 0' PWR TERM INT
while :; do /bin/busybox sleep 1 & wait $!; done
"""


class Daemon:
    """A running LXD or Incus with one storage pool and no network; ended by ``close``, its instances first."""

    def __init__(self, product: Product, folder: Path) -> None:
        """Start it, installed if need be; skip the test where that is not possible."""
        product.install(folder)
        self.product = product
        self.folder = folder / product.name
        self.folder.mkdir()
        self.port = _free_port()
        log = folder / "daemon.log"
        self._log = log.open("wb")
        self._process = subprocess.Popen(
            [product.program, "--group", "root"],
            env={**os.environ, product.directory_variable: str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert eventually(self._is_ready), log.read_text()
        self.call("PUT", "/1.0", {"config": {"core.https_address": f"127.0.0.1:{self.port}"}})
        self.call("POST", "/1.0/storage-pools", {"name": "default", "driver": "dir"})
        self.set_profile("default")

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def close(self) -> None:
        """End the instances and the daemon, and unmount what it leaves mounted."""
        projects = self.names("/1.0/projects")
        instances = [(name, each) for each in projects for name in self.names("/1.0/instances", project=each)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda each: self.force_stop(each[0], project=each[1]), instances))
        self._process.terminate()
        self._process.wait(30)
        self._log.close()
        for name in self.product.mounts:
            subprocess.run(["umount", "--lazy", self.folder / name], stderr=subprocess.DEVNULL, check=False)

    def call(self, method: str, path: str, body: object = None, headers: Any = None, **query: str) -> Any:
        """Return the metadata of a response, of an operation when it has ended; fail where it is refused."""
        connection = _LocalConnection(self.folder / "unix.socket")
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        connection.request(method, f"{path}?{urlencode(query)}", data, headers or {})
        response = json.loads(connection.getresponse().read())
        connection.close()
        assert response["type"] != "error", f"{method} {path}: {response['error']}"
        if response["type"] != "async":
            return response["metadata"]
        operation = self.call("GET", f"{response['operation'].partition('?')[0]}/wait")
        assert operation["status_code"] == 200, f"{method} {path}: {operation['err']}"
        return operation["metadata"]

    def names(self, path: str, **query: str) -> set[str]:
        """Return the last parts of a list's URLs: names and fingerprints."""
        return {url.partition("?")[0].rpartition("/")[2] for url in self.call("GET", path, **query)}

    def set_profile(self, name: str, config: dict[str, str] | None = None, **query: str) -> None:
        """Make or replace a profile. Containers are privileged, since temporary folders are closed to other users."""
        disk = {"type": "disk", "path": "/", "pool": "default"}
        body = {
            "name": name,
            "config": {**(config or {}), **({"security.privileged": "true"} if name == "default" else {})},
            "devices": {"root": disk} if name == "default" else {},
        }
        if name in self.names("/1.0/profiles", **query):
            self.call("PUT", f"/1.0/profiles/{name}", body, **query)
        else:
            self.call("POST", "/1.0/profiles", body, **query)

    def add_image(
        self, description: str, *aliases: str, public: bool = False, empty: bool = False, **query: str
    ) -> str:
        """Import a container's root file system of about 1 MB, or an empty one; return its fingerprint."""
        properties = urlencode({"description": description})
        header = self.product.header
        headers = {header("public"): "1" if public else "0", header("properties"): properties}
        made = self.call("POST", "/1.0/images", _tarball(description, empty), headers, **query)
        fingerprint: str = made["fingerprint"]
        for alias in aliases:
            self.call("POST", "/1.0/images/aliases", {"name": alias, "target": fingerprint}, **query)
        return fingerprint

    def add_machine_image(self, description: str) -> str:
        """Import an image of a virtual machine, whose disk is empty; return its fingerprint."""
        parts = {
            "metadata": ("metadata.tar.gz", _tarball(description, True)),
            "rootfs.img": ("rootfs.img", bytes(1_000_000)),
        }
        body, content_type = encode_multipart_formdata(parts)
        fingerprint: str = self.call("POST", "/1.0/images", body, {"Content-Type": content_type})["fingerprint"]
        return fingerprint

    def add_instance(self, name: str, fingerprint: str, *, running: bool = False, **values: Any) -> str:
        query = {"project": values.pop("project")} if "project" in values else {}
        source = {"type": "image", "fingerprint": fingerprint}
        self.call("POST", "/1.0/instances", {"name": name, "source": source, **values}, **query)
        if running:
            self.change_state(name, "start")
        return name

    def change_state(self, name: str, action: str) -> None:
        self.call("PUT", f"/1.0/instances/{name}/state", {"action": action, "timeout": 30})

    def force_stop(self, name: str, **query: str) -> None:
        if self.call("GET", f"/1.0/instances/{name}", **query)["status"] != "Stopped":
            self.call("PUT", f"/1.0/instances/{name}/state", {"action": "stop", "force": True, "timeout": 30}, **query)

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, "the daemon has ended"
        try:
            self.call("GET", "/internal/ready")
        except (OSError, AssertionError, ValueError):
            return False
        return True


class _LocalConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        try:
            self.sock.connect(str(self._path))
        except OSError:
            self.sock.close()
            raise


def _tarball(description: str, empty: bool) -> bytes:
    """An image as both products take it: ``metadata.yaml`` and ``rootfs`` with busybox, or with nothing."""
    metadata = (
        f"architecture: x86_64\ncreation_date: 1700000000\nproperties: {{description: {json.dumps(description)}}}\n"
    )
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
        _add(tar, "metadata.yaml", metadata.encode())
        for name in ("bin", "sbin", "proc", "sys", "dev", "etc", "tmp", "run"):
            folder = tarfile.TarInfo(f"rootfs/{name}")
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
        if not empty:
            _add(tar, "rootfs/bin/busybox", BUSYBOX.read_bytes())
            _add(tar, "rootfs/sbin/init", _INIT)
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    file = tarfile.TarInfo(name)
    file.size, file.mode = len(content), 0o755
    tar.addfile(file, io.BytesIO(content))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
