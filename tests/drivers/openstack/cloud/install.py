"""Installs OpenStack into a virtual environment of its own, once, in the user's cache."""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REQUIREMENTS = ("keystone==30.0.0", "glance==33.0.0", "openstack-placement==16.0.0", "nova==34.0.0", "waitress>=3.0")


def cache() -> Path:
    """The folder that holds the environment and the empty databases; another one for other requirements."""
    version = hashlib.sha256("\n".join((sys.version, *REQUIREMENTS)).encode()).hexdigest()[:12]
    base = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    folder = base / "deltacloud-images" / "openstack" / version
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def environment() -> Path:
    """The virtual environment's folder, made and filled if there is none: about 500 MB and two minutes."""
    folder = cache() / "venv"
    with locked("venv"):
        if not (folder / "complete").exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            subprocess.run([folder / "bin" / "pip", "install", "--quiet", *REQUIREMENTS], check=True)
            (folder / "complete").touch()
    return folder


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Other test runs on this machine wait meanwhile."""
    with open(cache() / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
