"""LXD and Incus, which speak the same API: how each is installed and started, and its own names of things."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

BUSYBOX = Path("/bin/busybox")


@dataclass(frozen=True, slots=True)
class Product:
    """One of them. ``mounts`` are folders that the daemon leaves mounted when it has ended."""

    name: str
    program: str
    packages: tuple[str, ...]
    mounts: tuple[str, ...]

    @property
    def directory_variable(self) -> str:
        return f"{self.name.upper()}_DIR"

    def header(self, name: str) -> str:
        return f"X-{self.name}-{name}"

    def install(self, folder: Path) -> None:
        """Install it from Debian's packages if need be; skip the test where that is not possible.

        Debian 12 has Incus among its backports alone: a list of sources in ``folder`` has them, and the machine's own
        lists stay as they are.
        """
        command = f"apt-get update && apt-get install --no-install-recommends -y {' '.join(self.packages)}"
        if os.geteuid():
            pytest.skip(
                f"{self.name} runs as root alone; on Debian this enables it: sudo sh -c '{command} && make test'"
            )
        if shutil.which(self.program) and BUSYBOX.exists():
            return
        if not shutil.which("apt-get"):
            pytest.skip(f"{self.name} is not installed; on Debian this enables it: {command}")
        _apt("update")
        if self._is_offered():
            _apt("install", *self.packages)
        else:
            self._install_from_backports(folder)

    def _is_offered(self) -> bool:
        known = subprocess.run(["apt-cache", "policy", self.packages[0]], check=True, capture_output=True, text=True)
        return "Candidate:" in known.stdout and "Candidate: (none)" not in known.stdout

    def _install_from_backports(self, folder: Path) -> None:
        sources, lists = folder / "sources.list", folder / "lists"
        (lists / "partial").mkdir(parents=True)
        own = Path("/etc/apt/sources.list")
        mirror, release = _mirror()
        sources.write_text(f"{own.read_text() if own.exists() else ''}\ndeb {mirror} {release}-backports main\n")
        options = ["-o", f"Dir::Etc::sourcelist={sources}", "-o", f"Dir::State::lists={lists}"]
        _apt("update", options=options)
        _apt("install", "-t", f"{release}-backports", *self.packages, options=options)


LXD = Product("lxd", "lxd", ("lxd", "lxd-client", "busybox-static"), ("shmounts", "devlxd"))
INCUS = Product("incus", "/usr/libexec/incus/incusd", ("incus-base", "busybox-static"), ("shmounts", "guestapi"))


def _mirror() -> tuple[str, str]:
    """Return the address and the release from which this machine has Debian's packages."""
    form = "$(REPO_URI) $(CODENAME) $(LABEL) $(COMPONENT)"
    known = subprocess.run(
        ["apt-get", "indextargets", "--format", form, "Created-By: Packages"],
        check=True,
        capture_output=True,
        text=True,
    )
    targets = [line.split() for line in known.stdout.splitlines()]
    return next((each[0], each[1]) for each in targets if each[2:] == ["Debian", "main"])


def _apt(command: str, *arguments: str, options: Sequence[str] = ()) -> None:
    flags = ["--yes", "--no-install-recommends"] if command == "install" else []
    subprocess.run(
        ["apt-get", *options, "-o", "DPkg::Lock::Timeout=600", command, *flags, *arguments],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        check=True,
        stdout=subprocess.DEVNULL,
    )
