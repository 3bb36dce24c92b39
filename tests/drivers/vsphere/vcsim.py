"""Builds govmomi's vCenter simulator from Debian's packages, once for all, and runs it."""

import hashlib
import json
import os
import shutil
import subprocess
import urllib.request
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import platformdirs
import pytest

_SOURCES = Path(__file__).with_name("vcsim")
_PACKAGES = ("golang-go", "golang-github-vmware-govmomi-dev")
_GOPATH = Path("/usr/share/gocode")
_GOVMOMI = _GOPATH / "src/github.com/vmware/govmomi/simulator"
_CACHE = platformdirs.user_cache_path("deltacloud-images") / "vcsim"


class Vcsim:
    """A running simulator on plain HTTP, whose TLS a proxy adds; stopped when left."""

    def __init__(self, *flags: str) -> None:
        """``flags`` are those of ``vcsim/main.go``."""
        self._process = subprocess.Popen(
            [binary(), *flags], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout
        host, _, port = self._process.stdout.readline().strip().rpartition(":")
        assert port, "vcsim did not start"
        self.address = (host, int(port))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()

    def calls(self) -> list[str]:
        """The SOAP methods that anybody has called since this was asked last."""
        calls: list[str] = json.loads(self._control("calls"))
        return calls

    def hold_clones(self) -> None:
        self._control("hold")

    def release_clones(self) -> None:
        self._control("release")

    def fail_next(self, method: str, fault: str) -> None:
        self._control(f"fail?method={method}&fault={fault}")

    def _control(self, path: str) -> bytes:
        host, port = self.address
        with urllib.request.urlopen(f"http://{host}:{port}/control/{path}", timeout=10) as response:
            answer: bytes = response.read()
        return answer


@cache
def binary() -> Path:
    """The simulator, built if this version of it has not been; skips the test where it cannot be."""
    sources = sorted(_SOURCES.glob("*.go"))
    built = _CACHE / hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    if not built.exists():
        _install()
        _CACHE.mkdir(parents=True, exist_ok=True)
        fresh = built.with_suffix(f".{os.getpid()}")
        environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(_GOPATH), "GOFLAGS": ""}
        subprocess.run(["go", "build", "-o", fresh, "."], cwd=_SOURCES, env=environment, check=True)
        fresh.rename(built)
    return built


def _install() -> None:
    if shutil.which("go") and _GOVMOMI.exists():
        return
    command = f"apt-get update && apt-get install --no-install-recommends -y {' '.join(_PACKAGES)}"
    if os.geteuid() or not shutil.which("apt-get"):
        pytest.skip(f"vcsim is not built; on Debian this enables it: sudo sh -c '{command}'")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["sh", "-c", command], env=environment, check=True, stdout=subprocess.DEVNULL)
